/*
 * Implements the type of weir.Queue: queue.Queue over a weir_queue of Python objects.
 *
 * A call tries first, with the GIL held: the call of weir does not block then, and takes a tenth of a microsecond. Only
 * a call that must block releases the GIL. A thread that holds a lock of weir never needs the GIL, because weir calls
 * drop functions without locks.
 *
 * Python runs signal handlers in the main thread, between two instructions, and calls of weir are not interrupted by
 * signals. So the main thread blocks in slices, and runs the handlers between them. Other threads block without them.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "_items.h"

#include <stdbool.h>
#include <stddef.h>
#include <structmember.h>

#include <weir.h>

#define SLICE (50 * UINT64_C(1000000)) /* ns */
#define INTERRUPTED (-1)               /* beside the statuses: a signal handler has raised */

typedef struct queue_object {
    PyObject_HEAD weir_queue *queue; /* NULL before __init__; constant after it */
    Py_ssize_t maxsize;              /* as queue.Queue has it: 0 or less for an unbounded queue */
    char is_shutdown;
} queue_object;

/* Constant after the import. */
static PyObject *full_error, *empty_error, *shutdown_error, *main_thread;
static PyObject *marker; /* what close puts; no program obtains it */

/* ---- blocking ---- */

/* A call of weir that blocks until a deadline: with the item, or the place for one. */
typedef weir_status blocking(weir_queue *queue, void *item, weir_deadline deadline);

static weir_status get_until(weir_queue *queue, void *item, weir_deadline deadline) {
    return weir_queue_get_until(queue, item, deadline);
}

static weir_status join_until(weir_queue *queue, void *unused, weir_deadline deadline) {
    (void)unused;
    return weir_queue_join_until(queue, deadline);
}

/* Returns whether the calling thread runs signal handlers: 1, 0, or -1 with an exception. */
static int runs_handlers(void) {
    PyObject *thread = PyObject_CallNoArgs(main_thread), *ident;
    unsigned long number;
    if (thread == NULL)
        return -1;
    ident = PyObject_GetAttrString(thread, "ident");
    Py_DECREF(thread);
    if (ident == NULL)
        return -1;
    number = PyLong_AsUnsignedLong(ident);
    Py_DECREF(ident);
    return PyErr_Occurred() ? -1 : number == PyThread_get_thread_ident();
}

/* Makes the call without the GIL, until it succeeds, fails or times out. May return INTERRUPTED. */
static int block(queue_object *self, blocking *call, void *item, weir_deadline deadline) {
    int sliced = runs_handlers();
    if (sliced < 0)
        return INTERRUPTED;
    for (;;) {
        weir_deadline slice = sliced ? weir_deadline_after(SLICE) : deadline;
        weir_status status;
        bool last = slice >= deadline;
        Py_BEGIN_ALLOW_THREADS;
        status = call(self->queue, item, last ? deadline : slice);
        Py_END_ALLOW_THREADS;
        if (status != WEIR_TIMEDOUT || last)
            return (int)status;
        if (PyErr_CheckSignals() != 0)
            return INTERRUPTED;
    }
}

/* ---- arguments and errors ---- */

/* Sets the exception of a status that is not WEIR_OK, and returns NULL. */
static PyObject *refuse(int status) {
    switch (status) {
        case INTERRUPTED:
            break;
        case WEIR_FULL:
            PyErr_SetNone(full_error);
            break;
        case WEIR_EMPTY:
            PyErr_SetNone(empty_error);
            break;
        case WEIR_CLOSED:
            PyErr_SetNone(shutdown_error);
            break;
        case WEIR_NOMEM:
            PyErr_NoMemory();
            break;
        case WEIR_INVALID:
            PyErr_SetString(PyExc_ValueError, "the queue was not created by __init__");
            break;
        default:
            PyErr_SetString(PyExc_RuntimeError, weir_strerror((weir_status)status));
    }
    return NULL;
}

/* The arguments of a vectorcall, in the order of `names`, which ends with NULL; those not given stay unchanged. */
static bool parse(PyObject *const *args, Py_ssize_t count, PyObject *keywords, const char *const *names,
                  PyObject **values) {
    Py_ssize_t named = keywords == NULL ? 0 : PyTuple_GET_SIZE(keywords), most = 0;
    while (names[most] != NULL)
        most++;
    if (count > most) {
        PyErr_Format(PyExc_TypeError, "at most %zd arguments expected, got %zd", most, count);
        return false;
    }
    for (Py_ssize_t i = 0; i < count; i++)
        values[i] = args[i];
    for (Py_ssize_t i = 0; i < named; i++) {
        PyObject *keyword = PyTuple_GET_ITEM(keywords, i);
        Py_ssize_t at = 0;
        while (at < most && PyUnicode_CompareWithASCIIString(keyword, names[at]) != 0)
            at++;
        if (at == most || at < count) {
            PyErr_Format(PyExc_TypeError, "unexpected or repeated argument '%U'", keyword);
            return false;
        }
        values[at] = args[count + i];
    }
    return true;
}

/* The deadline of `block` and `timeout`: 0, for a call that does not block; or -1 as the result, with an exception. */
static int read_deadline(PyObject *block, PyObject *timeout, weir_deadline *deadline) {
    int blocks = PyObject_IsTrue(block);
    double seconds;
    *deadline = blocks ? WEIR_NEVER : 0;
    if (blocks <= 0 || timeout == Py_None)
        return blocks < 0 ? -1 : 0;
    seconds = PyFloat_AsDouble(timeout);
    if (seconds == -1.0 && PyErr_Occurred())
        return -1;
    if (!(seconds >= 0)) {
        PyErr_SetString(PyExc_ValueError, "'timeout' must be a non-negative number");
        return -1;
    }
    if (seconds < 1e9)
        *deadline = weir_deadline_after((uint64_t)(seconds * 1e9));
    return 0;
}

/* ---- put and get ---- */

/* Puts an item, of which the queue gets a reference of its own. */
static PyObject *put_item(queue_object *self, PyObject *item, weir_deadline deadline) {
    int status;
    Py_INCREF(item);
    status = (int)weir_queue_try_put(self->queue, item);
    if (status == WEIR_FULL && deadline != 0)
        status = block(self, weir_queue_put_until, item, deadline);
    if (status == WEIR_OK)
        Py_RETURN_NONE;
    Py_DECREF(item);
    return refuse(status == WEIR_TIMEDOUT ? WEIR_FULL : status);
}

/* Gets an item, and its reference. */
static PyObject *get_item(queue_object *self, weir_deadline deadline) {
    void *item = NULL;
    int status = (int)weir_queue_try_get(self->queue, &item);
    if (status == WEIR_EMPTY && deadline != 0)
        status = block(self, get_until, &item, deadline);
    if (status != WEIR_OK)
        return refuse(status == WEIR_TIMEDOUT ? WEIR_EMPTY : status);
    if (item == marker) {
        weir_queue_task_done(self->queue);
        Py_DECREF(marker);
        return refuse(WEIR_CLOSED);
    }
    return item;
}

static PyObject *put(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    static const char *const names[] = {"item", "block", "timeout", NULL};
    PyObject *values[] = {NULL, Py_True, Py_None};
    weir_deadline deadline;
    if (count == 1 && keywords == NULL)
        return put_item((queue_object *)self, args[0], WEIR_NEVER);
    if (!parse(args, count, keywords, names, values) || read_deadline(values[1], values[2], &deadline) != 0)
        return NULL;
    if (values[0] == NULL) {
        PyErr_SetString(PyExc_TypeError, "argument 'item' is missing");
        return NULL;
    }
    return put_item((queue_object *)self, values[0], deadline);
}

static PyObject *get(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    static const char *const names[] = {"block", "timeout", NULL};
    PyObject *values[] = {Py_True, Py_None};
    weir_deadline deadline;
    if (count == 0 && keywords == NULL)
        return get_item((queue_object *)self, WEIR_NEVER);
    if (!parse(args, count, keywords, names, values) || read_deadline(values[0], values[1], &deadline) != 0)
        return NULL;
    return get_item((queue_object *)self, deadline);
}

static PyObject *put_nowait(PyObject *self, PyObject *item) {
    return put_item((queue_object *)self, item, 0);
}

static PyObject *get_nowait(PyObject *self, PyObject *unused) {
    (void)unused;
    return get_item((queue_object *)self, 0);
}

/* ---- the end, and what is left ---- */

static PyObject *task_done(PyObject *self, PyObject *unused) {
    (void)unused;
    if (weir_queue_task_done(((queue_object *)self)->queue) == WEIR_OK)
        Py_RETURN_NONE;
    PyErr_SetString(PyExc_ValueError, "task_done() called too many times");
    return NULL;
}

static PyObject *join(PyObject *self, PyObject *unused) {
    int status = (int)weir_queue_join_until(((queue_object *)self)->queue, 0);
    (void)unused;
    if (status == WEIR_TIMEDOUT)
        status = block((queue_object *)self, join_until, NULL, WEIR_NEVER);
    if (status == WEIR_OK || status == WEIR_DISCARDED)
        Py_RETURN_NONE;
    return refuse(status);
}

static PyObject *close_queue(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    static const char *const names[] = {"block", "timeout", NULL};
    PyObject *values[] = {Py_True, Py_None};
    weir_deadline deadline;
    if (!parse(args, count, keywords, names, values) || read_deadline(values[0], values[1], &deadline) != 0)
        return NULL;
    return put_item((queue_object *)self, marker, deadline);
}

static PyObject *shut_down(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    static const char *const names[] = {"immediate", NULL};
    PyObject *values[] = {Py_False};
    weir_status status;
    int immediate;
    if (!parse(args, count, keywords, names, values))
        return NULL;
    immediate = PyObject_IsTrue(values[0]);
    if (immediate < 0)
        return NULL;
    ((queue_object *)self)->is_shutdown = 1;
    Py_BEGIN_ALLOW_THREADS;
    status = weir_queue_shutdown(((queue_object *)self)->queue, immediate ? WEIR_DISCARD : WEIR_DRAIN);
    Py_END_ALLOW_THREADS;
    if (status == WEIR_OK)
        Py_RETURN_NONE;
    return refuse((int)status);
}

static PyObject *qsize(PyObject *self, PyObject *unused) {
    (void)unused;
    return PyLong_FromSize_t(weir_queue_size(((queue_object *)self)->queue));
}

static PyObject *empty(PyObject *self, PyObject *unused) {
    (void)unused;
    return PyBool_FromLong(weir_queue_size(((queue_object *)self)->queue) == 0);
}

static PyObject *full(PyObject *self, PyObject *unused) {
    queue_object *queue = (queue_object *)self;
    (void)unused;
    return PyBool_FromLong(queue->maxsize > 0 && weir_queue_size(queue->queue) >= (size_t)queue->maxsize);
}

static PyObject *unfinished(PyObject *self, void *unused) {
    (void)unused;
    return PyLong_FromSize_t(weir_queue_unfinished(((queue_object *)self)->queue));
}

static PyObject *pointer(PyObject *self, void *unused) {
    (void)unused;
    return PyLong_FromVoidPtr(((queue_object *)self)->queue);
}

/* ---- the type ---- */

static int initialize(PyObject *self, PyObject *args, PyObject *keywords) {
    static char *names[] = {"maxsize", NULL};
    queue_object *queue = (queue_object *)self;
    weir_queue_options options = {.drop = weir_python_drop};
    Py_ssize_t maxsize = 0;
    weir_status status;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|n", names, &maxsize))
        return -1;
    if (queue->queue != NULL) {
        PyErr_SetString(PyExc_RuntimeError, "__init__ called twice");
        return -1;
    }
    options.capacity = maxsize > 0 ? (size_t)maxsize : WEIR_UNBOUNDED;
    status = weir_queue_create_with(&queue->queue, &options);
    if (status != WEIR_OK) {
        PyErr_NoMemory(); /* the only reason, or a size that no memory can have */
        return -1;
    }
    queue->maxsize = maxsize;
    return 0;
}

/* No thread is in a call: it would have a reference to the queue. */
static void deallocate(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    weir_queue_destroy(((queue_object *)self)->queue);
    type->tp_free(self);
    Py_DECREF(type);
}

#define FAST(function) (PyCFunction)(void (*)(void))(function), METH_FASTCALL | METH_KEYWORDS

static PyMethodDef methods[] = {
    {"put", FAST(put), "Puts an item at the end. Blocks while the queue is full."},
    {"get", FAST(get), "Removes and returns the first item. Blocks while the queue is empty."},
    {"put_nowait", put_nowait, METH_O, "Puts an item, or raises Full."},
    {"get_nowait", get_nowait, METH_NOARGS, "Removes and returns the first item, or raises Empty."},
    {"task_done", task_done, METH_NOARGS, "Marks one item that get has returned as done."},
    {"join", join, METH_NOARGS, "Blocks until all items are done."},
    {"close", FAST(close_queue), "Puts an end mark behind all items, for one consumer. Blocks as put does."},
    {"shutdown", FAST(shut_down), "Ends the queue for all threads."},
    {"qsize", qsize, METH_NOARGS, "Returns the number of items."},
    {"empty", empty, METH_NOARGS, "Returns whether the queue has no items."},
    {"full", full, METH_NOARGS, "Returns whether the queue has maxsize items."},
    {"__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS, "Makes Queue[int] possible in annotations."},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef members[] = {
    {"maxsize", T_PYSSIZET, offsetof(queue_object, maxsize), 0, "maximum number of items; 0 or less: no maximum"},
    {"is_shutdown", T_BOOL, offsetof(queue_object, is_shutdown), READONLY, "whether shutdown was called"},
    {NULL, 0, 0, 0, NULL},
};

static PyGetSetDef properties[] = {
    {"unfinished_tasks", unfinished, NULL, "number of items put and not done", NULL},
    {"_pointer", pointer, NULL, "address of the weir_queue", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, PyType_GenericNew},
    {Py_tp_init, initialize},
    {Py_tp_dealloc, deallocate},
    {Py_tp_methods, methods},
    {Py_tp_members, members},
    {Py_tp_getset, properties},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "weir._queue.Queue",
    .basicsize = sizeof(queue_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = slots,
};

/* ---- the module ---- */

/* Returns an attribute of a module, or NULL with an exception. */
static PyObject *import(const char *module_name, const char *name) {
    PyObject *module = PyImport_ImportModule(module_name), *found;
    if (module == NULL)
        return NULL;
    found = PyObject_GetAttrString(module, name);
    Py_DECREF(module);
    return found;
}

/* queue.ShutDown, which exists since Python 3.13, or one of our own. */
static PyObject *find_shutdown(void) {
    PyObject *found = import("queue", "ShutDown");
    if (found != NULL || !PyErr_ExceptionMatches(PyExc_AttributeError))
        return found;
    PyErr_Clear();
    return PyErr_NewException("weir.ShutDown", NULL, NULL);
}

static bool find_names(void) {
    return (full_error = import("queue", "Full")) != NULL && (empty_error = import("queue", "Empty")) != NULL &&
           (shutdown_error = find_shutdown()) != NULL && (main_thread = import("threading", "main_thread")) != NULL &&
           (marker = PyObject_CallNoArgs((PyObject *)&PyBaseObject_Type)) != NULL;
}

static bool add(PyObject *module, const char *name, PyObject *object) {
    return object != NULL && PyModule_AddObjectRef(module, name, object) == 0;
}

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "weir._queue",
    .m_size = -1,
    .m_methods = weir_python_items,
};

PyMODINIT_FUNC PyInit__queue(void) {
    PyObject *module, *type;
    if (!find_names())
        return NULL;
    module = PyModule_Create(&definition);
    if (module == NULL)
        return NULL;
    type = PyType_FromSpec(&spec);
    if (add(module, "Queue", type) && add(module, "Full", full_error) && add(module, "Empty", empty_error) &&
        add(module, "ShutDown", shutdown_error))
        return module;
    Py_XDECREF(type);
    Py_DECREF(module);
    return NULL;
}
