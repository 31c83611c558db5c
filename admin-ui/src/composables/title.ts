/** Names the page in the browser's tab. */
export function setTitle(title: string): void {
  document.title = `${title} · Hallway`;
}
