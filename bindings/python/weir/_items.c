/*
 * Implements items of Python; see _items.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "_items.h"

void weir_python_drop(void *item, void *arg) {
    PyGILState_STATE state = PyGILState_Ensure();
    (void)arg;
    Py_DECREF((PyObject *)item);
    PyGILState_Release(state);
}

/* A weir_copy_func: the copy of an item is the same object, with a further reference. Acquires the GIL. */
static void *copy(void *item, void *arg) {
    PyGILState_STATE state = PyGILState_Ensure();
    (void)arg;
    Py_INCREF((PyObject *)item);
    PyGILState_Release(state);
    return item;
}

static PyObject *hold(PyObject *module, PyObject *object) {
    (void)module;
    Py_INCREF(object);
    return PyLong_FromVoidPtr(object);
}

static PyObject *held(PyObject *module, PyObject *item) {
    PyObject *object = PyLong_AsVoidPtr(item);
    (void)module;
    Py_XINCREF(object);
    return object;
}

static PyObject *release(PyObject *module, PyObject *item) {
    (void)module;
    return PyLong_AsVoidPtr(item);
}

static PyObject *callbacks(PyObject *module, PyObject *unused) {
    (void)module;
    (void)unused;
    return Py_BuildValue("NN", PyLong_FromVoidPtr((void *)weir_python_drop), PyLong_FromVoidPtr((void *)copy));
}

PyMethodDef weir_python_items[] = {
    {"hold", hold, METH_O, "Returns the address of an object, with a reference that the caller owes to release."},
    {"held", held, METH_O, "Returns the object at an address. Its reference stays with the address."},
    {"release", release, METH_O, "Returns the object at an address, and ends what hold began."},
    {"callbacks", callbacks, METH_NOARGS, "Returns the addresses of the drop and the copy function of items."},
    {NULL, NULL, 0, NULL},
};
