// Blocking and tiny on purpose: the chosen theme must stand on <html> before the first paint.
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch { /* storage may be forbidden; the system's preference then decides */ }
