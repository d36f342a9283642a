// The tables that are read straight from the stream: events and faults.
#pragma once

#include <memory>

#include "trace/sql/table.h"

namespace palloscope::trace::sql {

std::unique_ptr<Table> make_event_table(Source& source);
std::unique_ptr<Table> make_fault_table(Source& source);

}  // namespace palloscope::trace::sql
