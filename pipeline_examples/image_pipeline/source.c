/*
 * source.c - lists a folder, reads a list of URLs, or takes the entries of a queue.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _XOPEN_SOURCE 700

#include "source.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "interrupt.h"
#include "names.h"
#include "queue.h"
#include "terminal.h"
#include "url.h"
#include "walk.h"

static bool out_of_memory(void) {
    terminal_say("out of memory");
    return false;
}

static bool make_room(struct source *source) {
    if (source->count < source->room)
        return true;
    size_t room = source->room == 0 ? 64 : source->room * 2;
    struct photo **photos = realloc(source->photos, room * sizeof(struct photo *));
    if (photos == NULL)
        return false;
    source->photos = photos;
    source->room = room;
    return true;
}

/* Adds a photo, which does not move any more. Returns NULL if memory is exhausted. */
static struct photo *add_label(struct source *source, const char *label) {
    struct photo *photo = make_room(source) ? calloc(1, sizeof *photo) : NULL;
    if (photo == NULL || (photo->label = strdup(label)) == NULL) {
        free(photo);
        return NULL;
    }
    source->photos[source->count++] = photo;
    return photo;
}

/* Gives photo `number` a name and takes ownership of it. `name` may be NULL: out of memory. */
static bool give_name(struct source *source, size_t number, char *name) {
    struct photo *photo = source->photos[number];
    size_t first;
    if (name == NULL)
        return false;
    photo->name = photo->short_name = names_take(source->names, name, number, &first);
    if (photo->name == NULL) {
        free(name);
        return false;
    }
    const struct photo *owner = source->photos[first];
    photo->clash = strcmp(owner->url, photo->url) == 0 ? NULL : owner; /* the same picture twice has one thumbnail */
    return true;
}

/* For a picture from a list, without a given name: selects the long name if another picture has the short one. */
static bool give_either_name(struct source *source, size_t number, char *name) {
    struct photo *photo = source->photos[number];
    if (!give_name(source, number, name))
        return false;
    char *long_name = names_make_long(photo->name, photo->url);
    if (photo->clash != NULL)
        return give_name(source, number, long_name);
    photo->long_name = long_name;
    return long_name != NULL;
}

/* ---- a folder ---- */

/* A dangling link is no folder and stays in the list, so that its download reports the error. */
static bool is_folder(DIR *folder, const char *name) {
    struct stat status;
    return fstatat(dirfd(folder), name, &status, 0) == 0 && S_ISDIR(status.st_mode);
}

static bool list_folder(struct source *source, const char *path) {
    DIR *folder = opendir(path);
    if (folder == NULL) {
        terminal_say("%s: %s", path, strerror(errno));
        return false;
    }
    bool ok = true;
    const struct dirent *file;
    while (ok && (errno = 0, file = readdir(folder)) != NULL) {
        if (url_is_plain_name(file->d_name) && !is_folder(folder, file->d_name))
            ok = pack_add(&source->files, file->d_name) || out_of_memory();
    }
    if (ok && errno != 0) {
        terminal_say("%s: %s", path, strerror(errno));
        ok = false;
    }
    closedir(folder);
    return ok;
}

/* Returns what stands for a folder in a mark, with a final slash to keep sources distinct. NULL if it has no path. */
static char *place_of(const char *folder) {
    char *path = realpath(folder, NULL);
    char *place = path == NULL ? NULL : realloc(path, strlen(path) + 2);
    if (place == NULL)
        free(path);
    else
        strcat(place, "/");
    return place;
}

bool source_from_folder(struct source *source, const char *folder, const char *base_url, const char *place,
                        enum format format) {
    *source = (struct source){.list.file = -1, .is_whole = true, .format = format, .base_url = base_url};
    source->place = place != NULL ? strdup(place) : place_of(folder);
    if (source->place == NULL)
        return out_of_memory();
    if (!list_folder(source, folder))
        return false;
    if (!pack_sort(&source->files) || !clashes_find(&source->clashes, &source->files, format))
        return out_of_memory();
    source->count = source->files.count;
    return true;
}

/* Makes a photo that stands for the file that takes a name, for messages. Returns NULL if memory is exhausted. */
static struct photo *make_first(const char *label) {
    struct photo *photo = calloc(1, sizeof *photo);
    if (photo != NULL)
        *photo = (struct photo){.label = strdup(label), .is_single = true};
    if (photo == NULL || photo->label != NULL)
        return photo;
    photo_free(photo);
    return NULL;
}

/* Makes the photo of a file. Returns NULL if memory is exhausted. */
static struct photo *make_of_folder(const struct source *source, size_t number) {
    const char *label = pack_at(&source->files, number),
               *first = clashes_first(&source->clashes, &source->files, number);
    struct photo *photo = calloc(1, sizeof *photo);
    if (photo == NULL)
        return NULL;
    *photo = (struct photo){.label = strdup(label), .url = url_join(source->base_url, label), .is_single = true};
    photo->name = photo->short_name = names_make(label, NULL, source->format);
    photo->clash = first == NULL ? NULL : make_first(first);
    if (photo->label != NULL && photo->url != NULL && photo->name != NULL && (first == NULL || photo->clash != NULL))
        return photo;
    photo_free(photo);
    return NULL;
}

static struct photo *next_of_folder(struct source *source) {
    if (source->given == source->files.count)
        return NULL;
    struct photo *photo = make_of_folder(source, source->given);
    if (photo != NULL) {
        source->given++;
        return photo;
    }
    source->is_whole = false;
    out_of_memory();
    return NULL;
}

/* ---- folders in a folder ---- */

bool source_from_folders(struct source *source, const char *folder, const char *base_url, const char *left_out,
                         enum format format) {
    *source = (struct source){.list.file = -1, .format = format, .base_url = base_url};
    source->place = place_of(folder);
    if (source->place == NULL)
        return out_of_memory();
    source->walk = walk_open(folder, left_out);
    return source->walk != NULL;
}

/* Returns whether another file of the folder takes the same name: "a.png" that of "a.png.jpg". */
static bool has_clash(const struct source *source, const char *path) {
    const char *slash = strrchr(path, '/'), *extension = format_extension(source->format);
    const char *name = slash == NULL ? path : slash + 1;
    size_t length = strlen(name), end = strlen(extension);
    if (length <= end || strcmp(name + length - end, extension) != 0)
        return false;
    char *shorter = strdup(name);
    if (shorter == NULL)
        return false;
    shorter[length - end] = '\0';
    bool has = !format_fits(source->format, shorter) && walk_has_sibling(source->walk, shorter);
    free(shorter);
    return has;
}

/* Makes the photo of a path, which it takes. Returns NULL if memory is exhausted. */
static struct photo *make_single(const struct source *source, char *path, const char *fault) {
    struct photo *photo = calloc(1, sizeof *photo);
    if (photo == NULL) {
        free(path);
        return NULL;
    }
    *photo = (struct photo){.label = path, .is_single = true, .fault = fault};
    if (fault == NULL && has_clash(source, path))
        photo->fault = "its thumbnail would have the name of another one in its folder";
    photo->url = url_join(source->base_url, path);
    photo->name = photo->short_name = photo->fault == NULL ? names_make_below(path, source->format) : NULL;
    if (photo->url != NULL && (photo->name != NULL || photo->fault != NULL))
        return photo;
    photo_free(photo);
    return NULL;
}

static struct photo *next_of_walk(struct source *source) {
    const char *fault;
    char *path = walk_next(source->walk, &fault);
    struct photo *photo = path == NULL ? NULL : make_single(source, path, fault);
    if (photo != NULL)
        source->count++;
    else if (path != NULL || walk_is_broken(source->walk))
        out_of_memory();
    else
        source->is_whole = walk_is_over(source->walk);
    return photo;
}

/* ---- a list ---- */

/* Returns the decoded last component of the URL, which the caller frees. */
static char *original_name(const char *url) {
    size_t length;
    const char *component = url_last_component(url, &length);
    char *original = malloc(length + 1);
    if (original != NULL && !url_decode(component, length, original)) { /* invalid escape: keep the text */
        memcpy(original, component, length);
        original[length] = '\0';
    }
    return original;
}

static char *name_from_url(const char *url, enum format format) {
    char *original = original_name(url), *query = strdup(url + strcspn(url, "?#")), *name = NULL;
    if (original != NULL && query != NULL) {
        query[strcspn(query, "#")] = '\0';
        name = names_make(original, query, format);
    }
    free(original);
    free(query);
    return name;
}

/* Returns why it cannot be downloaded; NULL if a download is possible. */
static const char *fault_of(const char *url) {
    for (const unsigned char *c = (const unsigned char *)url; *c != '\0'; c++) {
        if (*c < 0x20 || *c == 0x7f)
            return "contains a control character";
    }
    if (url_is_http(url))
        return NULL;
    return strstr(url, "://") != NULL ? "is not an http or https URL"
                                      : "does not begin with http:// or https://; a list cannot contain paths";
}

static bool add_url(struct source *source, char *entry, size_t number) {
    char *own_name = strchr(entry, '\t');
    if (own_name != NULL) {
        own_name += strspn(own_name, "\t ");
        entry[strcspn(entry, "\t")] = '\0';
    }
    struct photo *photo = add_label(source, entry);
    if (photo == NULL)
        return false;
    size_t index = source->count - 1;
    photo->is_url = true;
    photo->number = number;
    photo->fault = fault_of(entry);
    photo->url = url_encode_blanks(entry);
    if (photo->url == NULL || photo->fault != NULL)
        return photo->url != NULL; /* a photo with a fault takes no name */
    if (own_name != NULL && (photo->given_name = strdup(own_name)) == NULL)
        return false;
    return own_name != NULL ? give_name(source, index, names_make(own_name, NULL, source->format))
                            : give_either_name(source, index, name_from_url(entry, source->format));
}

/* Adds the photo of the next entry. Returns false at the end of the list, or after a failure. */
static bool add_next(struct source *source) {
    char *entry = source->list.file < 0 ? NULL : list_next(&source->list);
    if (entry != NULL && add_url(source, entry, source->list.number))
        return true;
    if (entry != NULL)
        out_of_memory();
    else if (!source->list.is_broken)
        source->is_whole = true;
    return false;
}

bool source_from_list(struct source *source, const char *path, bool is_null_separated, enum format format) {
    *source = (struct source){.names = names_create(), .list.file = -1, .format = format};
    if (source->names == NULL)
        return out_of_memory();
    if (!list_open(&source->list, path, is_null_separated))
        return false;
    if (!list_is_file(&source->list))
        return true;
    while (add_next(source))
        continue;
    if (!source->is_whole && interrupt_is_stopping())
        terminal_say("interrupted: nothing was started");
    return source->is_whole;
}

/* ---- a queue ---- */

void source_from_queue(struct source *source, struct queue *queue, enum format format) {
    *source = (struct source){.list.file = -1, .queue = queue, .format = format};
}

/* Gives a photo of a queue its names. Returns false if memory is exhausted. */
static bool give_names(struct photo *photo, const struct entry *entry, enum format format) {
    char *name =
        entry->given_name != NULL ? names_make(entry->given_name, NULL, format) : name_from_url(photo->label, format);
    char *long_name = name == NULL || entry->given_name != NULL ? NULL : names_make_long(name, photo->url);
    bool has_all = name != NULL && (entry->given_name != NULL || long_name != NULL);
    if (has_all && entry->has_long_name) {
        free(name);
        name = long_name;
        long_name = NULL;
    }
    photo->name = photo->short_name = name;
    photo->long_name = long_name;
    return has_all;
}

/* Makes the photo of an entry. Returns NULL if memory is exhausted. */
static struct photo *make_taken(struct delivery *delivery, enum format format) {
    const struct entry *entry = delivery_entry(delivery);
    struct photo *photo = calloc(1, sizeof *photo);
    if (photo == NULL)
        return NULL;
    *photo = (struct photo){.label = strdup(entry->url), .is_single = true, .is_url = true, .number = entry->number};
    photo->url = photo->label == NULL ? NULL : url_encode_blanks(photo->label);
    if (photo->url == NULL || !give_names(photo, entry, format)) {
        photo_free(photo);
        return NULL;
    }
    if (delivery_is_deadly(delivery))
        photo->fault = "the programs that took it from the queue have ended or stood still";
    photo->failures = entry->failures;
    photo->retries = entry->retries;
    photo->delivery = delivery;
    return photo;
}

static struct photo *next_of_queue(struct source *source) {
    struct delivery *delivery = queue_take(source->queue);
    if (delivery == NULL) {
        source->is_whole = queue_is_over(source->queue);
        return NULL;
    }
    struct photo *photo = make_taken(delivery, source->format);
    if (photo == NULL) {
        delivery_return(delivery);
        out_of_memory();
        return NULL;
    }
    source->count++;
    return photo;
}

/* ---- all ---- */

struct photo *source_next(struct source *source) {
    if (source->walk != NULL)
        return next_of_walk(source);
    if (source->queue != NULL)
        return next_of_queue(source);
    if (source->files.count > 0)
        return next_of_folder(source);
    if (source->given == source->count && (source->is_whole || !add_next(source)))
        return NULL;
    return source->photos[source->given++];
}

void source_leave(struct source *source) {
    if (source->queue != NULL)
        queue_leave(source->queue);
}

void source_when_idle(struct source *source, void (*idle)(void *), void *argument) {
    source->list.idle = idle;
    source->list.idle_argument = argument;
}

void source_mark(char mark[MARK_SIZE], const struct source *source, const struct photo *photo) {
    mark_of(mark, source->place == NULL ? "" : source->place, photo->is_url ? photo->url : photo->label);
}

void source_free(struct source *source) {
    for (size_t i = 0; i < source->count && source->photos != NULL; i++)
        photo_free(source->photos[i]);
    free(source->photos);
    pack_free(&source->files);
    clashes_free(&source->clashes);
    free(source->place);
    names_destroy(source->names);
    list_close(&source->list);
    walk_close(source->walk);
    queue_destroy(source->queue);
    *source = (struct source){.list.file = -1};
}
