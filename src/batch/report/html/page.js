"use strict";
// summary.html#words opens with these words in every filter.
const wanted = decodeURIComponent(location.hash.slice(1));
for (const form of document.querySelectorAll("form")) {
  const rows = [...form.parentElement.querySelectorAll("tbody tr")].map((row) => ({
    row,
    text: row.textContent.toLowerCase(),
    verdict: row.dataset.verdict,
  }));
  const text = form.querySelector("input");
  const verdict = form.querySelector("select");
  const shown = form.querySelector(".shown");
  text.value = wanted;
  const filter = () => {
    const words = text.value.toLowerCase().split(/\s+/);
    let count = 0;
    for (const { row, text, verdict: is } of rows) {
      const fits = words.every((word) => text.includes(word)) && (!verdict || !verdict.value || verdict.value === is);
      row.hidden = !fits;
      count += fits ? 1 : 0;
    }
    shown.textContent = `${count} of ${rows.length} rows`;
  };
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  filter();
}
