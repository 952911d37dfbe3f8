/** What decorators declare about the fields of a class. A class has the fields of the one that it extends, too. */
export class DeclaredFields<Declaration> {
  private readonly own = new WeakMap<object, Map<string, Declaration>>();
  private readonly known = new WeakMap<object, ReadonlyMap<string, Declaration>>();

  /** A decorator that declares this about the field which it stands on. */
  decorator(declaration: Declaration): PropertyDecorator {
    return (prototype, field) => {
      const fields = this.own.get(prototype) ?? new Map<string, Declaration>();
      this.own.set(prototype, fields.set(String(field), declaration));
    };
  }

  /** All fields of a class by their names, in the order of their declaration. */
  of(type: new () => object): ReadonlyMap<string, Declaration> {
    const known = this.known.get(type);
    if (known !== undefined) return known;
    const fields = new Map<string, Declaration>();
    for (let prototype = type.prototype; prototype !== null; prototype = Object.getPrototypeOf(prototype)) {
      for (const [name, declaration] of this.own.get(prototype) ?? []) {
        if (!fields.has(name)) fields.set(name, declaration);
      }
    }
    this.known.set(type, fields);
    return fields;
  }
}
