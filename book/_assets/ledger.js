// Which claims of the ledger are shown. The address keeps it, so that it can be passed on.
(() => {
  const table = document.querySelector("table.ledger");
  if (!table) return;
  const { make } = window.conv_notes;
  const rows = [...table.tBodies[0].rows];
  const has = (row, name) => row.dataset[name].split(", ");
  const asked = new URLSearchParams(location.search);

  const selects = ["verdict", "note", "chapter"].map((name) => {
    const values = [...new Set(rows.flatMap((row) => has(row, name)))];
    if (name !== "verdict") values.sort(); // those stand as the rows do: the wrong ones first
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
    status.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} claims`;
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
