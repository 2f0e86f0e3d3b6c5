#ifndef PUYPUY_CSQLITE_SHIM_H
#define PUYPUY_CSQLITE_SHIM_H

#include <sqlite3.h>

/* sqlite3_db_config is variadic, which Swift cannot call. */
static inline int puypuy_sqlite3_db_config_int(sqlite3 *db, int operation, int value) {
    return sqlite3_db_config(db, operation, value, (int *)0);
}

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

#endif
