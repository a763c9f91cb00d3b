// A drawing loads when it is near, as an image. Then it is put into the page itself, where
// its parts answer and its colours are those of the theme. A page that was opened as a file
// may not read another; it shows the drawing as a document, whose parts answer too.
(() => {
  function enclose(image) {
    const { src: data, alt, width, height } = image;
    const drawing = Object.assign(document.createElement("object"), { data, width, height });
    Object.assign(drawing, { type: "image/svg+xml", className: "drawing", ariaLabel: alt });
    image.replaceWith(drawing);
  }

  async function place(image) {
    const answer = await fetch(image.src, { cache: "force-cache" }); // its name is its digest
    const box = document.createElement("div");
    box.innerHTML = await answer.text();
    const drawing = box.querySelector("svg");
    drawing.setAttribute("aria-label", image.alt);
    if (!drawing.role) drawing.setAttribute("role", "img");
    image.replaceWith(drawing);
  }

  const loaded = ({ target }) => {
    if (target.matches?.("img.drawing")) (location.protocol === "file:" ? enclose : place)(target);
  };
  document.addEventListener("load", loaded, true);
  for (const target of document.querySelectorAll("img.drawing"))
    if (target.complete && target.naturalWidth) loaded({ target }); // before this script
})();
