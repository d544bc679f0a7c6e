// Links under an answer: copy, save, print, say what one thinks of it. The server sends the document; it is not kept here.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a.ct-act");
  if (!link) return;
  event.preventDefault();
  event.stopPropagation();
  trigger("select", { key: link.getAttribute("href").replace("#act-", "") });
}, true);
const copy = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // no clipboard in this window: the older way
    const box = document.createElement("textarea");
    box.value = text;
    document.body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
  }
};
watch("value", () => {
  const sent = element.querySelector("pre[data-kind]");
  if (!sent) return;
  const { kind, name, media } = sent.dataset;
  const text = sent.textContent;
  sent.remove();
  if (kind === "copy") { copy(text); return; }
  const address = URL.createObjectURL(new Blob([media === "application/pdf" ? Uint8Array.from(atob(text), (c) => c.charCodeAt(0)) : text], { type: media }));
  if (kind === "print") {
    const page = window.open(address, "_blank");
    if (page) page.addEventListener("load", () => page.print());
  } else {
    const link = document.createElement("a");
    link.href = address;
    link.download = name;
    link.click();
  }
  setTimeout(() => URL.revokeObjectURL(address), 60000);
});
