import { Injectable, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import { PlatformErrors } from '../errors/platform-errors.js';
import { validated } from './request-body.js';

/** Checks each declared body against its request class, before the controller sees it. */
@Injectable()
export class ValidationPipe implements PipeTransform {
  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    if (type !== 'body') return value;
    // A body without a class would pass unchecked: `import type` on a request class does that, silently.
    if (metatype === undefined || metatype === Object)
      throw new Error('A route declares a body without a class.');
    if (value === undefined) {
      throw PlatformErrors.invalidRequest({ violations: [{ field: '', rule: 'body' }] });
    }
    return validated(metatype, value);
  }
}
