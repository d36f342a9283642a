// The tables of life spans: contexts, blocks, chunks. A row is known by the event that made it.
#pragma once

#include <memory>

#include "trace/sql/life_spans.h"
#include "trace/sql/table.h"

namespace palloscope::trace::sql {

std::unique_ptr<Table> make_context_table(Source& source, LifeSpanCache& spans);
std::unique_ptr<Table> make_block_table(Source& source, LifeSpanCache& spans);
std::unique_ptr<Table> make_chunk_table(Source& source, LifeSpanCache& spans);

}  // namespace palloscope::trace::sql
