// What the title of a link says, a term's meaning or a source, for who points at the link or
// comes to it by Tab: browsers show titles to a mouse alone. A finger follows the link at once.
(() => {
  const article = document.querySelector("article");
  const links = article?.querySelectorAll("a.internal[title]:not(:has(code))") ?? [];
  if (!links.length) return;
  const note = window.conv_notes.make("div", { id: "lookup", role: "tooltip", hidden: true });
  article.append(note);
  let shown, leaving;

  const hide = () => {
    note.hidden = true;
    shown?.removeAttribute("aria-describedby");
    shown = undefined;
  };
  const stay = () => clearTimeout(leaving);
  const leave = () => {
    stay();
    leaving = setTimeout(hide, 200); // the pointer may come over to the note
  };
  const show = (link, says) => {
    stay();
    if (shown !== link) hide();
    shown = link;
    link.setAttribute("aria-describedby", note.id);
    note.textContent = says;
    note.hidden = false;
    const line = link.getClientRects()[0];
    const page = note.offsetParent.getBoundingClientRect();
    const room = document.documentElement.clientWidth - note.offsetWidth - 8;
    const above = line.bottom + note.offsetHeight + 8 > innerHeight && line.top > note.offsetHeight;
    note.style.left = `${Math.max(8, Math.min(line.left, room)) - page.left}px`;
    note.style.top = `${(above ? line.top - note.offsetHeight : line.bottom) - page.top}px`;
  };

  for (const link of links) {
    const says = link.title;
    link.removeAttribute("title"); // or both would be shown
    link.addEventListener("pointerenter", (event) => event.pointerType === "touch" || show(link, says));
    link.addEventListener("pointerleave", leave);
    link.addEventListener("focus", () => link.matches(":focus-visible") && show(link, says));
    link.addEventListener("blur", hide);
  }
  note.addEventListener("pointerenter", stay);
  note.addEventListener("pointerleave", leave);
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
})();
