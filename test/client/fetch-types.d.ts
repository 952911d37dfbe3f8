import type { BodyInit as NodeBodyInit } from 'undici-types';

// The one name of fetch that the client uses and that Node's types do not make global.
declare global {
  type BodyInit = NodeBodyInit;
}
