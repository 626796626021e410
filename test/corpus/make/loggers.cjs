// Writes one line a level with each of Node's common loggers: node main.cjs <logger>
const which = process.argv[2];
if (which === 'winston') {
  const { createLogger, format, transports, config } = require('winston');
  const log = createLogger({
    level: 'silly',
    levels: config.npm.levels,
    format: format.combine(format.errors({ stack: true }), format.timestamp(), format.json()),
    transports: [new transports.Console()],
  });
  log.silly('every byte, expects 10');
  log.debug('cache miss, expects 20', { key: 'a b' });
  log.verbose('in detail, expects 20');
  log.http('GET /, expects 20');
  log.info('request done, expects 30', { status: 200 });
  log.warn('slow query, expects 40');
  log.error(new TypeError('no connection, expects 50'));
} else if (which === 'winston-simple') {
  const { createLogger, format, transports } = require('winston');
  const log = createLogger({ level: 'debug', format: format.simple(), transports: [new transports.Console()] });
  log.debug('cache miss, expects 20');
  log.info('request done, expects 30');
  log.warn('slow query, expects 40');
  log.error('no connection, expects 50');
} else if (which === 'pino') {
  const log = require('pino')({ level: 'trace' });
  log.trace('every byte, expects 10');
  log.debug({ key: 'a b' }, 'cache miss, expects 20');
  log.info({ req: { method: 'GET', url: '/' } }, 'request done, expects 30');
  log.warn('slow query, expects 40');
  log.error(new TypeError('no connection, expects 50'));
  log.fatal('disk gone, expects 60');
} else if (which === 'bunyan') {
  const log = require('bunyan').createLogger({ name: 'shop', level: 'trace' });
  log.trace('every byte, expects 10');
  log.debug({ key: 'a b' }, 'cache miss, expects 20');
  log.info({ req: { method: 'GET', url: '/' } }, 'request done, expects 30');
  log.warn('slow query, expects 40');
  log.error(new TypeError('no connection, expects 50'));
  log.fatal('disk gone, expects 60');
} else if (which === 'log4js') {
  const log4js = require('log4js');
  log4js.configure({ appenders: { out: { type: 'stdout', layout: { type: 'basic' } } }, categories: { default: { appenders: ['out'], level: 'trace' } } });
  const log = log4js.getLogger('orders');
  log.trace('every byte, expects 10');
  log.debug('cache miss, expects 20');
  log.info('request done, expects 30');
  log.warn('slow query, expects 40');
  log.error('no connection, expects 50');
  log.fatal('disk gone, expects 60');
}
