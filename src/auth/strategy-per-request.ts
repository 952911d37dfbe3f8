/**
 * Hands a strategy to `AuthGuard` as an object, because names live in a process-wide registry where a second app would
 * replace it. Passport writes the callbacks of the request onto the object that it is given, so each request gets one
 * of its own that inherits from the strategy: on a shared one, parallel requests would get each other's outcome.
 */
export function strategyPerRequest(strategy: object): { readonly defaultStrategy: string } {
  return {
    get defaultStrategy(): string {
      const own: object = Object.create(strategy);
      // Passport takes a strategy in place of its name; the types of @nestjs/passport know only the name.
      return own as unknown as string;
    },
  };
}
