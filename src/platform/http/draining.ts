import { Injectable } from '@nestjs/common';

/** Whether a shutdown has begun: then readiness says no, and every answer is the last one of its connection. */
@Injectable()
export class Draining {
  begun = false;
}
