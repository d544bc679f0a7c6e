// The theme follows the system until it is chosen here; the choice is all that is kept in the browser.
(() => {
  const KEY = "charttwin-theme";
  const read = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
  const write = (value) => { try { localStorage.setItem(KEY, value); } catch { /* private window */ } };
  window.charttwinToggleTheme = () => {
    const dark = document.body.classList.toggle("dark");
    write(dark ? "dark" : "light");
  };
  const apply = () => {
    const wanted = read();
    if (wanted) document.body.classList.toggle("dark", wanted === "dark");
  };
  // Gradio sets its own class while it starts, so ours comes after it; this script may be added late itself.
  const wait = () => (document.querySelector("#ct-chat") ? apply() : requestAnimationFrame(wait));
  wait();
})();

// A list that the Tab key left would stay open over the answer: Gradio closes it on a second blur only.
document.addEventListener("keydown", (event) => {
  const box = event.key === "Tab" && event.target.closest && event.target.closest("[role=listbox], [role=combobox]");
  if (box) setTimeout(() => event.target.dispatchEvent(new FocusEvent("blur")), 120);
}, true);
