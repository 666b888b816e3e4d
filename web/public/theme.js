// Sets the theme before the first paint, so that nothing flashes. It stands in a file of its own because no inline script may run.
(() => {
  let wanted = null;
  try {
    wanted = localStorage.getItem("telecoder.theme");
  } catch {
    // A browser that keeps nothing gets the default.
  }
  const system = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
  document.documentElement.dataset.theme =
    wanted === "light" || wanted === "dark" ? wanted : wanted === "system" ? system : "dark";
})();
