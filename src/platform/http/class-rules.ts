import type { Type } from '@nestjs/common';
import { getMetadataStorage, ValidateNested, ValidationTypes, type ValidationOptions } from 'class-validator';
import type { BrokenRule, Violation } from '../errors/app-error.js';
import { isPlainObject } from '../plain-object.js';

type Storage = ReturnType<typeof getMetadataStorage>;
type Metadata = ReturnType<Storage['getTargetValidationMetadatas']>[number];

/** What a constraint may say in its `context`: by which rule it refuses, and what the text of that rule is filled with. */
export interface RuleOptions extends ValidationOptions {
  readonly context?: Partial<BrokenRule>;
}

/**
 * The field holds an object of this class, or with `each` a list of them; its own fields are checked like those of the
 * body. class-validator would learn the class from an instance, and bodies stay as they were parsed.
 */
export function Holds(type: () => Type<object>, { each = false } = {}): PropertyDecorator {
  return ValidateNested({ each, context: { type } });
}

const ignoring = new Set<Type<object>>();

/**
 * Objects of the class may hold more than it declares, and that is ignored: for what browsers make, and add to with
 * their next version. Anywhere else ignored input would hide a caller's mistake.
 */
export function IgnoresOthers(): (type: Type<object>) => void {
  return (type) => void ignoring.add(type);
}

/** The names of the classes that do. */
export function namesOfIgnoring(): string[] {
  return [...ignoring].map(({ name }) => name);
}

interface Constraint {
  readonly refusal: BrokenRule;
  readonly holds: (value: unknown, values: object) => boolean;
}

interface Field {
  readonly name: string;
  readonly constraints: readonly Constraint[];
  /** Of `@ValidateIf`: the value is checked when all of them say so. */
  readonly conditions: ReadonlyArray<(values: object, value: unknown) => boolean>;
  /** Of `@Holds`: the class of what the field holds. */
  readonly held?: { readonly type: () => Type<object>; readonly each: boolean };
}

/**
 * What class-validator's decorators say about the fields of a class, put together once. Its own `validate` would collect
 * it anew for each request, at several times the cost, and answer with sentences and not with rules.
 */
export class ClassRules {
  private static readonly known = new WeakMap<object, ClassRules>();

  private constructor(
    private readonly fields: ReadonlyMap<string, Field>,
    private readonly ignoresOthers: boolean,
  ) {}

  /** @throws Error for a decorator that needs more than its value and the other fields */
  static of(type: Type<object>): ClassRules {
    let rules = ClassRules.known.get(type);
    if (rules === undefined) {
      const metadata = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
      const byField = Map.groupBy(metadata, ({ propertyName }) => propertyName);
      const fields = new Map([...byField].map(([name, all]) => [name, fieldOf(name, all)]));
      rules = new ClassRules(fields, ignoring.has(type));
      ClassRules.known.set(type, rules);
    }
    return rules;
  }

  has(field: string): boolean {
    return this.fields.has(field);
  }

  /** A violation for each field that the class does not declare, whatever its name; none if it ignores them. */
  unknown(given: object): Violation[] {
    if (this.ignoresOthers) return [];
    const names = Object.keys(given).filter((field) => !this.fields.has(field));
    return names.map((field) => ({ field, rule: 'unknown' }));
  }

  /** A violation for each field that breaks a rule: the first one that it breaks, as they stand above it. */
  broken(values: object): Violation[] {
    const violations: Violation[] = [];
    for (const field of this.fields.values()) {
      const refusal = refusalOf(field, values);
      if (refusal !== undefined) violations.push({ field: field.name, ...refusal });
      else if (field.held !== undefined) violations.push(...brokenIn(field, Reflect.get(values, field.name)));
    }
    return violations;
  }
}

/** What is wrong with the objects that a field holds, each named by its way: `permissions[3].code`. */
function brokenIn({ name, held }: Field, value: unknown): Violation[] {
  if (held === undefined || value === undefined) return [];
  if (!held.each) return brokenAt(name, value, held.type());
  return Array.isArray(value)
    ? value.flatMap((item, index) => brokenAt(`${name}[${index}]`, item, held.type()))
    : [];
}

function brokenAt(place: string, value: unknown, type: Type<object>): Violation[] {
  if (!isPlainObject(value)) return [{ field: place, rule: 'object' }];
  const rules = ClassRules.of(type);
  return [...rules.unknown(value), ...rules.broken(value)].map(({ field, ...refusal }) => ({
    field: `${place}.${field}`,
    ...refusal,
  }));
}

const REQUIRED: BrokenRule = { rule: 'required' };

function refusalOf({ name, constraints, conditions }: Field, values: object): BrokenRule | undefined {
  const value: unknown = Reflect.get(values, name);
  if (!conditions.every((applies) => applies(values, value))) return undefined;
  if (value === undefined) return REQUIRED;
  return constraints.find(({ holds }) => !holds(value, values))?.refusal;
}

function fieldOf(name: string, metadata: readonly Metadata[]): Field {
  // Decorators are applied from the lowest to the highest, and read from the highest to the lowest.
  const asRead = metadata.toReversed();
  const { conditions = [], held = [], constraints = [] } = Object.groupBy(asRead, kindOf);
  return {
    name,
    conditions: conditions.map(({ constraints: [condition] }) => condition),
    constraints: constraints.map(constraintOf),
    ...(held[0] && { held: { type: heldType(held[0]), each: held[0].each } }),
  };
}

function heldType({ context, propertyName }: Metadata): () => Type<object> {
  if (typeof context?.type !== 'function')
    throw new Error(`${propertyName}: @ValidateNested without a class is not supported; say @Holds.`);
  return context.type;
}

function kindOf({ type }: Metadata): 'conditions' | 'held' | 'constraints' {
  if (type === ValidationTypes.CONDITIONAL_VALIDATION) return 'conditions';
  return type === ValidationTypes.NESTED_VALIDATION ? 'held' : 'constraints';
}

function constraintOf(metadata: Metadata): Constraint {
  const { constraintCls, constraints, propertyName: property, each } = metadata;
  const [constraint, ...others] = getMetadataStorage().getTargetValidatorConstraints(constraintCls);
  if (constraint === undefined || constraint.async || others.length > 0)
    throw new Error(`${property}: a rule of the kind ${metadata.name ?? metadata.type} is not supported.`);
  const { instance } = constraint;
  const holds = (value: unknown, object: object) =>
    instance.validate(value, { value, object, property, constraints, targetName: '' }) === true;
  return {
    refusal: ruleOf(metadata),
    holds: each
      ? (value, values) => Array.isArray(value) && value.every((item) => holds(item, values))
      : holds,
  };
}

/** A constraint's name is its rule, but for those of class-validator itself. */
function ruleOf({ name = '', constraints, context }: Metadata): BrokenRule {
  const { rule, params }: Partial<BrokenRule> = context ?? {};
  switch (name) {
    case 'isString':
      return { rule: rule ?? 'string' };
    case 'isIn':
      return { rule: 'choice', params: { choices: constraints[0].map(shown).join(', ') } };
    default:
      return { rule: rule ?? name, ...(params && { params }) };
  }
}

function shown(choice: unknown): unknown {
  return choice === '' ? '""' : choice;
}
