import { SealBroken, UnknownKey } from '../keyring/sealing.js';
import { UnknownTemplate } from './mail-templates.js';
import { DeliveryFailure } from './mail-transport.js';

/** What keeps a message from being sent. Whatever may still be mended lets it wait. */
export function failureOf(error: unknown): DeliveryFailure {
  if (error instanceof DeliveryFailure) return error;
  if (error instanceof SealBroken) return new DeliveryFailure('refused', 'seal', { cause: error });
  // The key may come back, and the build that knows the template may be running elsewhere.
  if (error instanceof UnknownKey) return new DeliveryFailure('later', 'unknown key', { cause: error });
  if (error instanceof UnknownTemplate)
    return new DeliveryFailure('later', 'unknown template', { cause: error });
  return new DeliveryFailure('later', 'internal', { cause: error });
}
