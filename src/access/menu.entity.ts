import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';

export const MENU_KINDS = ['group', 'page', 'link', 'frame', 'button'] as const;

export type MenuKind = (typeof MENU_KINDS)[number];

/** A node of the menu of an application's front end. It shows something; permissions alone protect anything. */
@Entity('menus')
@Index('menus_application_menu', ['applicationId', 'key'], { unique: true })
@Index('menus_parent_id', ['parentId'])
@ForeignKey('Application', ['applicationId'], ['id'], {
  name: 'menus_application',
  onDelete: 'CASCADE',
  onUpdate: 'RESTRICT',
})
@ForeignKey('Menu', ['parentId'], ['id'], {
  name: 'menus_parent',
  onDelete: 'CASCADE',
  onUpdate: 'RESTRICT',
})
export class Menu {
  @PrimaryColumn('varchar', { length: 36 })
  id!: string;

  @Column('varchar', { name: 'application_id', length: 36 })
  applicationId!: string;

  /** Null at the top. */
  @Column('varchar', { name: 'parent_id', length: 36, nullable: true })
  parentId!: string | null;

  /** Its place among its siblings. */
  @Column('int')
  position!: number;

  @Column('varchar', { length: 8 })
  kind!: MenuKind;

  /** It becomes the name of a route in the front end. */
  @Column('varchar', { name: 'menu_key', length: 64 })
  key!: string;

  /** Empty where there is none in this language; one of the two is there. */
  @Column('varchar', { name: 'title_en', length: 64 })
  titleEn!: string;

  @Column('varchar', { name: 'title_zh', length: 64 })
  titleZh!: string;

  @Column('varchar', { length: 255 })
  path!: string;

  @Column('varchar', { length: 255 })
  component!: string;

  @Column('varchar', { length: 255 })
  redirect!: string;

  @Column('varchar', { length: 128 })
  icon!: string;

  @Column('varchar', { length: 1024 })
  url!: string;

  /** 1: the front end knows the route, and shows no entry for it. */
  @Column('int')
  hidden!: number;

  @Column('int', { name: 'keep_alive' })
  keepAlive!: number;

  /** 0: nobody gets it, nor what is below it. */
  @Column('int')
  enabled!: number;

  /** A JSON list of full codes; whoever holds one of them sees it. Empty: everybody does. */
  @Column('text')
  permissions!: string;

  /** A JSON object, for what only the front end understands. */
  @Column('text')
  meta!: string;

  /** Counts its changes. */
  @Column('int')
  revision!: number;
}
