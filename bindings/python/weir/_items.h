/*
 * Items of Python: an item in weir is the address of a Python object, with one reference that weir owns.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PYTHON_ITEMS_H
#define WEIR_PYTHON_ITEMS_H

#include <Python.h>

/* A weir_drop_func: releases the reference of an item that no consumer gets. Acquires the GIL. */
void weir_python_drop(void *item, void *arg);

/* The functions by which the pipeline, which is written in Python, makes objects items and items objects. */
extern PyMethodDef weir_python_items[];

#endif /* WEIR_PYTHON_ITEMS_H */
