// Which rows of a long table are shown: claims of the ledger, exercises. Its data-by says what one
// chooses by, and among what. The address keeps it, so that it can be passed on.
(() => {
  const table = document.querySelector("table.ledger");
  if (!table) return;
  const { make } = window.conv_notes;
  const rows = [...table.querySelectorAll("tr[data-chapter]")]; // others head their group
  const has = (row, name) => row.dataset[name].split(", ");
  const asked = new URLSearchParams(location.search);

  const by = JSON.parse(table.dataset.by);
  const selects = Object.entries(by).map(([name, values]) => {
    const options = ["all", ...values].map((value) => make("option", {}, value));
    const select = make("select", { name }, ...options);
    select.value = values.includes(asked.get(name)) ? asked.get(name) : "all";
    return select;
  });
  const status = make("output");
  const form = make("form", { className: "ledger-choice" },
    ...selects.map((select) => make("label", {}, select.name, select)), status);

  const show = () => {
    for (const row of rows)
      row.hidden = !selects.every(({ name, value }) => value === "all" || has(row, name).includes(value));
    for (const group of table.tBodies) group.hidden = !group.querySelector("[data-chapter]:not([hidden])");
    status.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} ${table.dataset.what}`;
    const address = new URL(location);
    for (const { name, value } of selects)
      if (value === "all") address.searchParams.delete(name);
      else address.searchParams.set(name, value);
    history.replaceState(history.state, "", address);
  };
  form.addEventListener("change", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  table.before(form);
  show();
})();
