/*
 * part.h - the temporary files of incomplete uploads.
 *
 * A process holds a lock on each of its temporary files. A file without a lock is left over from a run that was killed.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_PART_H
#define IMAGE_PIPELINE_PART_H

enum { PART_NAME_SIZE = 64 };

/*
 * Creates a file in the folder, with a hidden name made from `number`. Returns its descriptor and sets `name`; or
 * returns -1 and sets errno: EEXIST if another number may succeed.
 */
int part_create(int folder, unsigned number, char name[PART_NAME_SIZE]);

/* Removes the files in the folder that are left over. */
void part_remove_leftovers(int folder);

#endif /* IMAGE_PIPELINE_PART_H */
