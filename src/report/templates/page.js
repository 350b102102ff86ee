"use strict";
(() => {
  const list = document.getElementById("list");
  const repos = [...list.children];
  const find = document.getElementById("find");
  const sort = document.getElementById("sort");
  const expand = document.getElementById("expand");
  const chips = [...document.querySelectorAll(".chips button")];
  const text = new Map(repos.map((repo) => {
    const crates = [...repo.querySelectorAll("tbody th")].map((cell) => cell.textContent);
    return [repo, [repo.dataset.name, ...crates].join(" ").toLowerCase()];
  }));

  const filter = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = chips.filter((chip) => chip.getAttribute("aria-pressed") === "true").map((chip) => chip.dataset.status);
    let shown = 0;
    for (const repo of repos) {
      const fits = (!wanted.length || wanted.includes(repo.dataset.status)) && words.every((word) => text.get(repo).includes(word));
      repo.hidden = !fits;
      shown += fits;
    }
    document.getElementById("shown").textContent = shown;
    document.getElementById("none").hidden = shown > 0;
    list.hidden = shown === 0;
  };

  const reorder = () => {
    const key = sort.value;
    const by = {
      name: (a, b) => a.dataset.name.localeCompare(b.dataset.name),
      place: (a, b) => a.dataset.place - b.dataset.place,
    }[key] || ((a, b) => b.dataset[key] - a.dataset[key]);
    list.append(...repos.sort(by));
  };

  const follow = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.matches(".repo")) {
      target.hidden = false;
      target.open = true;
      target.scrollIntoView();
    }
  };

  document.getElementById("tools").hidden = false;
  document.getElementById("tools").addEventListener("submit", (event) => event.preventDefault());
  find.addEventListener("input", filter);
  sort.addEventListener("change", reorder);
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
      filter();
    });
  }
  expand.addEventListener("click", () => {
    const open = !repos.some((repo) => !repo.hidden && repo.open);
    for (const repo of repos) if (!repo.hidden) repo.open = open;
    expand.textContent = open ? "Collapse all" : "Expand all";
  });
  addEventListener("beforeprint", () => repos.forEach((repo) => { if (repo.dataset.status !== "current") repo.open = true; }));
  addEventListener("hashchange", follow);
  if (list.closest("main") && repos.length === 1) repos[0].open = true;
  follow();
})();
