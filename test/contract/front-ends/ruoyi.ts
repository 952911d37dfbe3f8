/**
 * What RuoYi's `getRouters` answers. Facts from yangzongzhuan/RuoYi-Vue:
 * ruoyi-system/src/main/java/com/ruoyi/system/domain/vo/RouterVo.java and MetaVo.java, and the names of its layouts from
 * ruoyi-ui/src/store/modules/permission.js. What is empty in `RouterVo` is left out of the answer, in `MetaVo` it is null.
 */
export interface RouterVo {
  name?: string;
  path: string;
  hidden: boolean;
  redirect?: string;
  /** `Layout`, `ParentView`, `InnerLink`, or a file below src/views. */
  component: string;
  /** An object as JSON, which the side bar parses. */
  query?: string;
  alwaysShow?: boolean;
  meta?: MetaVo;
  children?: RouterVo[];
}

interface MetaVo {
  title: string;
  icon: string;
  noCache: boolean;
  link: string | null;
}
