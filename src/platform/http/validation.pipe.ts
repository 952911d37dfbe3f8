import { Injectable, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import { PlatformErrors } from '../errors/platform-errors.js';
import { checkWindow, PageQuery } from './list-query.js';
import { readQuery } from './query-parameters.js';
import { validated } from './request-body.js';

/** Checks each declared body and query string against its class, before the controller sees it. */
@Injectable()
export class ValidationPipe implements PipeTransform {
  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    if (type !== 'body' && type !== 'query') return value;
    // Input without a class would pass unchecked: `import type` on a request class does that, silently.
    if (metatype === undefined || metatype === Object)
      throw new Error(`A route declares a ${type} without a class.`);
    if (type === 'query') {
      const query = readQuery(metatype, value);
      if (query instanceof PageQuery) checkWindow(query);
      return query;
    }
    if (value === undefined) {
      throw PlatformErrors.invalidRequest({ violations: [{ field: '', rule: 'body' }] });
    }
    return validated(metatype, value);
  }
}
