#ifndef PUYPUY_CSQLITE_SHIM_H
#define PUYPUY_CSQLITE_SHIM_H

#include <sqlite3.h>
#include <sys/types.h>

/* fcntl.h declares it for _GNU_SOURCE only, which Swift's module of the C library does not set. */
int fallocate(int descriptor, int mode, off_t offset, off_t length);

/* Keeps room for a file without changing its size: FALLOC_FL_KEEP_SIZE. */
static inline int puypuy_keep_room(int descriptor, off_t bytes) {
    return fallocate(descriptor, 1, 0, bytes);
}

/* sqlite3_db_config is variadic, which Swift cannot call. */
static inline int puypuy_sqlite3_db_config_int(sqlite3 *db, int operation, int value) {
    return sqlite3_db_config(db, operation, value, (int *)0);
}

/* A macro that Swift does not import. */
static const int puypuy_sqlite3_ioerr_fsync = SQLITE_IOERR_FSYNC;

/* SQLITE_TRANSIENT is a cast that Swift does not import: SQLite copies the bytes. */
static inline int puypuy_sqlite3_bind_blob(sqlite3_stmt *statement, int index, const void *bytes,
                                           sqlite3_uint64 count) {
    return sqlite3_bind_blob64(statement, index, bytes, count, SQLITE_TRANSIENT);
}

/* As above, for bytes that outlive the step (SQLITE_STATIC): no copy is made. */
static inline int puypuy_sqlite3_bind_blob_static(sqlite3_stmt *statement, int index,
                                                  const void *bytes, sqlite3_uint64 count) {
    return sqlite3_bind_blob64(statement, index, bytes, count, SQLITE_STATIC);
}

static inline int puypuy_sqlite3_bind_text(sqlite3_stmt *statement, int index, const char *text,
                                           sqlite3_uint64 count) {
    return sqlite3_bind_text64(statement, index, text, count, SQLITE_TRANSIENT, SQLITE_UTF8);
}

/* What SQLite knows of a virtual table and of a cursor begins with a struct of its own; behind it
 * stands the object. */
typedef struct {
    sqlite3_vtab base;
    void *table;
} puypuy_sqlite3_vtab;

typedef struct {
    sqlite3_vtab_cursor base;
    void *cursor;
} puypuy_sqlite3_cursor;

static inline void puypuy_sqlite3_result_text(sqlite3_context *context, const char *text,
                                              sqlite3_uint64 count) {
    sqlite3_result_text64(context, text, count, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static inline void puypuy_sqlite3_result_blob(sqlite3_context *context, const void *bytes,
                                              sqlite3_uint64 count) {
    sqlite3_result_blob64(context, bytes, count, SQLITE_TRANSIENT);
}

/* sqlite3_mprintf is variadic: a copy that SQLite frees. */
static inline char *puypuy_sqlite3_copy(const char *text) { return sqlite3_mprintf("%s", text); }

/* Whether the constraint is an IN: SQLite 3.38. Without it, an IN is several equalities. */
static inline int puypuy_sqlite3_is_in(sqlite3_index_info *info, int constraint) {
#if SQLITE_VERSION_NUMBER >= 3038000
    return sqlite3_vtab_in(info, constraint, -1);
#else
    return 0;
#endif
}

/* The byte at which an error was found, or -1: SQLite 3.38. */
static inline int puypuy_sqlite3_error_offset(sqlite3 *db) {
#if SQLITE_VERSION_NUMBER >= 3038000
    return sqlite3_error_offset(db);
#else
    return -1;
#endif
}

#endif
