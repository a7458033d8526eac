/*
 * plan.h - prints what a run would do.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_PLAN_H
#define IMAGE_PIPELINE_PLAN_H

#include "recipe.h"
#include "source.h"

/*
 * Prints a line for each photo: the name of its thumbnail, a tab, and its label, with escapes as in escape.h. Prints
 * photos without a name of their own as messages. Returns the exit status.
 */
int plan_print(struct source *source, const struct recipe *recipe);

#endif /* IMAGE_PIPELINE_PLAN_H */
