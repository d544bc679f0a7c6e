// Citations in the conversation open evidence; the keyboard reaches question and evidence.
const panel = () => element.querySelector(".ct-evidence");
const isOpen = () => panel() && !panel().classList.contains("ct-blank");
const close = () => {
  if (!isOpen()) return;
  trigger("clear", {});
  if (window.charttwinCite && document.contains(window.charttwinCite)) window.charttwinCite.focus();
  document.querySelectorAll(".ct-cite.ct-on").forEach((link) => link.classList.remove("ct-on"));
};
document.addEventListener("click", (event) => {
  const link = event.target.closest("a.ct-cite");
  if (link) {
    event.preventDefault();
    event.stopPropagation();
    document.querySelectorAll(".ct-cite.ct-on").forEach((other) => other.classList.remove("ct-on"));
    link.classList.add("ct-on");
    window.charttwinCite = link;
    trigger("select", { key: link.getAttribute("href").replace("#cite-", "") });
  } else if (event.target.closest(".ct-close")) {
    close();
  }
}, true);
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, [contenteditable=true]");
  if (event.key === "Escape") {
    close();
  } else if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const box = document.querySelector("#ct-question textarea");
    if (box && !box.disabled) { event.preventDefault(); box.focus(); }
  } else if ((event.key === "ArrowRight" || event.key === "ArrowLeft") && event.target.closest("a.ct-cite")) {
    // From one citation to the next, each opened as it is reached.
    const all = [...document.querySelectorAll("a.ct-cite")].filter((link) => link.getClientRects().length);
    const next = all[all.indexOf(event.target.closest("a.ct-cite")) + (event.key === "ArrowRight" ? 1 : -1)];
    if (next) { event.preventDefault(); next.focus(); next.click(); }
  } else if (event.key === "ArrowUp" && typing && typing.closest("#ct-question") && !typing.value) {
    const asked = document.querySelectorAll("#ct-chat .user-row");
    if (!asked.length) return;
    event.preventDefault();
    typing.value = asked[asked.length - 1].innerText.trim();
    typing.dispatchEvent(new Event("input", { bubbles: true }));
  }
});
watch("value", () => {
  const hit = element.querySelector(".ct-hit");
  const box = hit && hit.closest(".ct-note");
  if (box) box.scrollTop = hit.offsetTop - box.offsetTop - box.clientHeight / 3;
  if (isOpen()) panel().scrollIntoView({ block: "nearest" });
});
// A new question goes to the top of the conversation and stays there while its answer grows, until the reader scrolls.
const attach = () => {
  const talk = document.querySelector("#ct-chat");
  if (!talk) { requestAnimationFrame(attach); return; }
  let questions = 0;
  let held = false;
  const follow = () => {
    const scroller = talk.querySelector(".bubble-wrap");
    const asked = talk.querySelectorAll(".user-row");
    if (asked.length !== questions) held = asked.length > questions;
    questions = asked.length;
    const last = asked[questions - 1];
    if (held && scroller && last) scroller.scrollTop += last.getBoundingClientRect().top - scroller.getBoundingClientRect().top - 12;
  };
  ["wheel", "touchmove", "keydown", "pointerdown"].forEach((kind) => talk.addEventListener(kind, () => { held = false; }, { passive: true }));
  // Screen readers get the rendered message, not its source; every button has a name, and none stands inside another.
  const clean = () => {
    talk.querySelectorAll("[data-testid=bot][aria-label]").forEach((one) => one.removeAttribute("aria-label"));
    talk.querySelectorAll("button.icon-button").forEach((one) => {
      if (!one.getAttribute("aria-label") && !one.textContent.trim()) one.setAttribute("aria-label", "Enlarge");
    });
    talk.querySelectorAll(".title[role=button]").forEach((one) => {
      one.removeAttribute("role");
      one.removeAttribute("tabindex");
    });
  };
  new MutationObserver(() => { clean(); follow(); }).observe(talk, { childList: true, subtree: true, characterData: true });
};
attach();
