import { normalized } from '../src/platform/text.js';
import type { User } from '../src/users/user.entity.js';

/** A person who does not exist, made from a number alone: the same number is the same person. */
export type SeedPerson = Pick<User, 'username' | 'fullName' | 'email' | 'phone'>;

/** Serial numbers that make people; beyond them the phone numbers repeat. */
export const SERIALS = 100_000_000;

const CHINESE_FAMILY = [
  ...'王wang 李li 张zhang 刘liu 陈chen 杨yang 黄huang 赵zhao 吴wu 周zhou 徐xu 孙sun 马ma 朱zhu 胡hu 郭guo 何he'.split(
    ' ',
  ),
  ...'林lin 高gao 罗luo 郑zheng 梁liang 谢xie 宋song 唐tang 许xu 邓deng 冯feng 韩han 曹cao 曾zeng 彭peng'.split(
    ' ',
  ),
  ...'萧xiao 蔡cai 潘pan 田tian 董dong 袁yuan 于yu 余yu 叶ye 蒋jiang 杜du 苏su 魏wei 程cheng 欧阳ouyang'.split(
    ' ',
  ),
];
const CHINESE_GIVEN = [
  ...'伟wei 芳fang 娜na 敏min 静jing 丽li 强qiang 磊lei 军jun 洋yang 勇yong 艳yan 杰jie 娟juan 涛tao 明ming'.split(
    ' ',
  ),
  ...'秀英xiuying 建国jianguo 志强zhiqiang 雪梅xuemei 晓明xiaoming 子涵zihan 浩然haoran 雨桐yutong'.split(
    ' ',
  ),
  ...'欣怡xinyi 梓轩zixuan 思远siyuan 佳琪jiaqi 文博wenbo 诗涵shihan 俊杰junjie 美玲meiling 国华guohua'.split(
    ' ',
  ),
];
const LATIN_FAMILY = [
  ...'Smith Müller García Rossi Silva Novák Jensen Dubois Kowalski Andersson Schmidt Fernández Bianchi'.split(
    ' ',
  ),
  ...'Costa Svoboda Nielsen Martin Nowak Johansson Fischer López Romano Santos Dvořák Hansen Bernard'.split(
    ' ',
  ),
  ...'Wiśniewski Karlsson Weber Martínez Ricci Oliveira Černý Larsen Petit Lewandowska Nilsson Becker'.split(
    ' ',
  ),
];
const LATIN_GIVEN = [
  ...'Anna Ben Clara David Emma Felix Greta Hugo Ines Jonas Klára Lucas Marta Noah Olivia Paul Rosa'.split(
    ' ',
  ),
  ...'Simon Theo Ursula Victor Zoé José Björn Chloé Łukasz Søren Beatriz Matteo Sofía Jürgen Élodie'.split(
    ' ',
  ),
];
const MAIL_DOMAINS = ['example.com', 'example.org', 'example.net', 'mail.example.com', 'corp.example.com'];

/** People who follow each other share so many names, and come back to an index where it is still in memory. */
const NAMES_A_STRETCH = 200;
const STRETCH = 20_000;

/** Half of the people have Chinese names; nine in ten an e-mail address, eight in ten a mobile number. */
export function seedPerson(serial: number): SeedPerson {
  const stretch = Math.floor(serial / STRETCH);
  const mixed = mix(stretch * NAMES_A_STRETCH + (mix(serial) % NAMES_A_STRETCH));
  const { fullName, slug, chinese } = mixed % 2 === 0 ? chinesePerson(mixed >>> 1) : latinPerson(mixed >>> 1);
  const username = `${slug}${serial}`;
  return {
    username,
    fullName,
    email: serial % 10 === 9 ? null : `${username}@${pick(MAIL_DOMAINS, mix(serial))}`,
    phone: serial % 5 === 4 ? null : phoneNumber(serial, chinese),
  };
}

/** Knuth's multiplicative hash, so that neighbouring numbers become unlike people. */
function mix(number: number): number {
  const product = Math.imul(number + 1, 2_654_435_761);
  return (product ^ (product >>> 15)) >>> 0;
}

function chinesePerson(number: number) {
  const [family = '', familySound = ''] = split(pick(CHINESE_FAMILY, number));
  const [given = '', givenSound = ''] = split(pick(CHINESE_GIVEN, Math.floor(number / 64)));
  return { fullName: family + given, slug: `${givenSound}.${familySound}`, chinese: true };
}

function latinPerson(number: number) {
  const family = pick(LATIN_FAMILY, number);
  const given = pick(LATIN_GIVEN, Math.floor(number / 64));
  return { fullName: `${given} ${family}`, slug: `${ascii(given)}.${ascii(family)}`, chinese: false };
}

/** `欧阳ouyang` as its characters and their sound. */
function split(word: string): string[] {
  return [word.replace(/[a-z]/g, ''), word.replace(/[^a-z]/g, '')];
}

function ascii(name: string): string {
  const plain = name.toLowerCase().replaceAll('ł', 'l').replaceAll('ø', 'o');
  return (normalized(plain, 'NFD', 128) ?? '').replace(/[^a-z]/g, '');
}

/** Mobile numbers of China and Germany: each serial has its own. */
function phoneNumber(serial: number, chinese: boolean): string {
  const digits = String(serial % SERIALS).padStart(8, '0');
  return chinese ? `+86138${digits}` : `+49151${digits}`;
}

function pick(words: readonly string[], number: number): string {
  return words[number % words.length] ?? '';
}
