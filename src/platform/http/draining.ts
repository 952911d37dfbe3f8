import { Injectable } from '@nestjs/common';

/** Whether a shutdown has begun: then readiness says no, and answers close their connections. */
@Injectable()
export class Draining {
  begun = false;
}
