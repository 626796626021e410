export { InjectError, type InjectErrorCode } from './errors.js';
export { inject } from './inject.js';
export { DEFAULT_INJECT_TO, SYSTEM_NAMESPACES, type InjectMode, type InjectSettings } from './options.js';
export { answerReview, readReview, type ReviewAnswer, type ReviewRequest } from './review.js';
export { startInjectServer, type InjectServer, type InjectServerOptions } from './server.js';
