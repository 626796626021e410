// Writes one line a status with morgan's combined format: node access.cjs
const http = require('node:http');
const morgan = require('morgan');
const format = morgan(process.argv[2] || 'combined');
const server = http.createServer((req, res) => format(req, res, () => { res.statusCode = Number(req.url.slice(1, 4)); res.setHeader('content-length', 2); res.end(req.method === 'HEAD' ? undefined : 'ok'); }));
server.listen(0, '127.0.0.1', async () => {
  const { port } = server.address();
  for (const path of ['200?expects=30', '201?expects=30', '302?expects=30', '404?expects=40', '500?expects=50', '503?expects=50'])
    await fetch(`http://127.0.0.1:${port}/${path}`, { redirect: 'manual', headers: { 'user-agent': 'say "hi" \\o/' } }).then((r) => r.text());
  server.close(); server.closeAllConnections();
});
