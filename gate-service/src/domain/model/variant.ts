/** Control is the flag off, treatment is the flag on (`version_flag`). */
export const VARIANTS = ['off', 'on'] as const;
export type Variant = (typeof VARIANTS)[number];
