import { Injectable } from '@nestjs/common';

/** Whether a shutdown has begun: then readiness says no. */
@Injectable()
export class Draining {
  begun = false;
}
