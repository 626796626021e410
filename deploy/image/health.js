// What a health check runs: `node health.js <url>`. 0 if it answers 2xx within two seconds, else 1 and why.
try {
  const { ok, status } = await fetch(process.argv[2], { signal: AbortSignal.timeout(2_000) });
  if (!ok) throw new Error(`it answered ${status}`);
} catch (error) {
  console.error(String(error.cause?.message ?? error.message));
  process.exit(1);
}
