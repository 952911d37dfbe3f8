import { defineErrors } from '../platform/errors/app-error.js';

export const MenusErrors = defineErrors('menus', {
  noSuchMenu: [14001, 404],
  menuKeyTaken: [14002, 409],
  misplaced: [14003, 409],
  hasChildren: [14004, 409],
  tooMany: [14005, 409],
});
