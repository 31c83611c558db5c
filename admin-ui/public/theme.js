// Runs before the first paint, so a dark room is never lit up by a white page. A classic script on
// purpose: module scripts wait for the document, and the policy forbids inline ones.
(() => {
  let choice = 'system';
  try {
    choice = localStorage.getItem('hallway-theme') ?? 'system';
  } catch {
    // Storage may be forbidden; the system's own choice stands.
  }
  const dark = choice === 'dark' || (choice !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.classList.toggle('dark', dark);
})();
