// Hands a Table to SQLite, as a table that is simply there: no CREATE VIRTUAL TABLE, nothing that could be changed.
#pragma once

#include "core/base/result.h"
#include "trace/sql/table.h"

struct sqlite3;

namespace palloscope::trace::sql {

// `table` must outlive the connection.
core::Status add_table(sqlite3* connection, Table& table);

}  // namespace palloscope::trace::sql
