import { SECOND, type Duration } from '../platform/time/clock.js';

/** How long one statement may take, waiting for a connection included. A frozen database must not hold a request. */
export const DEADLINE: Duration = 1.5 * SECOND;

/** How long a whole unit of work may take. */
export const TRANSACTION_DEADLINE: Duration = 2 * SECOND;
