// Makes the widgets of a static page work with MathJax 3 and with a screen reader.

// The widget manager hands labels to MathJax 2's queue. Deferred scripts, MathJax among
// them, have run by now; the widgets are drawn after the page's load event.
document.addEventListener("DOMContentLoaded", () => {
  if (!window.MathJax) return;
  MathJax.Hub = {
    Queue: ([, , element]) =>
      MathJax.startup.promise.then(() => MathJax.typesetPromise([element])),
  };
});

function set(element, attribute, value) {
  if (element.getAttribute(attribute) !== value) element.setAttribute(attribute, value);
}

function describe(output) {
  const text = (widget, selector) => widget.querySelector(selector).textContent.trim();

  // Handles come without a name, and say "2.00" where the page shows "5 × 5".
  // A readout is a text field without a name; the slider does all it does.
  for (const slider of output.querySelectorAll(".widget-slider")) {
    const readout = slider.querySelector(".widget-readout");
    for (const handle of slider.querySelectorAll(".noUi-handle")) {
      set(handle, "aria-label", text(slider, ".widget-label"));
      set(handle, "aria-valuetext", readout.textContent.trim());
    }
    set(readout, "contenteditable", "false");
  }

  // Which button of a group is pressed shows by its colour alone.
  for (const group of output.querySelectorAll(".widget-toggle-buttons")) {
    set(group, "role", "group");
    set(group, "aria-label", text(group, ".widget-label"));
    for (const button of group.querySelectorAll("button"))
      set(button, "aria-pressed", String(button.classList.contains("mod-active")));
  }

  // The tooltip of a widget that has none.
  for (const element of output.querySelectorAll('[title="null"]'))
    element.removeAttribute("title");
}

document.addEventListener("DOMContentLoaded", () => {
  for (const output of document.querySelectorAll(".cell_output")) {
    if (!output.querySelector('[type="application/vnd.jupyter.widget-view+json"]')) continue;
    new MutationObserver(() => describe(output)).observe(output, {
      attributeFilter: ["aria-valuetext", "class", "title"],
      characterData: true,
      childList: true,
      subtree: true,
    });
  }
});
