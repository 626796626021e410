/**
 * Resolves with the next frame. A hidden page has none: there it resolves at once, and so does what waits while the page is
 * being hidden, for its frame would come when it is seen again.
 */
export function nextFrame(): Promise<void> {
  if (document.hidden) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      cancelAnimationFrame(frame);
      document.removeEventListener('visibilitychange', done);
      resolve();
    };
    const frame = requestAnimationFrame(done);
    document.addEventListener('visibilitychange', done);
  });
}
