#include "trace/sql/ready_questions.h"

namespace palloscope::trace::sql {
namespace {

constexpr ReadyQuestion kQuestions[] = {
    {"peak",
     "select name, level, total_bytes, used_bytes, context\n"
     "from pg_backend_memory_contexts((select peak_event from trace))\n"
     "order by total_bytes desc limit 50"},
    {"never_back",
     "select context_name, line, count(*) as chunks, sum(granted) as bytes, min(chunk), max(chunk)\n"
     "from chunks where ended is null\n"
     "group by context, line order by bytes desc limit 100"},
    {"resets",
     "select path, resets, allocations, allocated_bytes, context\n"
     "from contexts where resets > 0\n"
     "order by resets desc limit 50"},
    {"short_contexts",
     "select name, count(*) as times, round(avg(lasted), 1) as events_each, max(peak_bytes), min(context)\n"
     "from contexts where ended is not null\n"
     "group by name having count(*) > 1 order by times desc limit 50"},
    {"largest",
     "select requested, granted, context_name, chunk, ended, fate\n"
     "from chunks order by requested desc limit 100"},
    {"rounding",
     "select context_name, count(*) as chunks, sum(requested), sum(granted),\n"
     "  sum(granted) - sum(requested) as rounding\n"
     "from chunks group by context_name order by rounding desc limit 50"},
    {"sizes",
     "select granted, count(*) as chunks, min(requested), max(requested), min(chunk)\n"
     "from chunks group by granted order by chunks desc limit 100"},
    {"waiting",
     "select context_name, size_class, count(*) as chunks, sum(granted) as bytes\n"
     "from freelists\n"
     "group by context, size_class order by bytes desc limit 100"},
    {"kinds",
     "select kind, count(*) as events, min(event), max(event)\n"
     "from events group by kind order by events desc"},
    {"pool",
     "select relation, relfilenode, count(*) as buffers, sum(isdirty) as dirty, round(avg(usagecount), 2) as usage\n"
     "from buffers where relfilenode is not null\n"
     "group by relfilenode order by buffers desc limit 50"},
    {"shared_memory",
     "select name, off, size, allocated_size, allocation\n"
     "from pg_shmem_allocations order by allocated_size desc limit 50"},
    {"mistakes", "select event, kind, context_name, bytes, born, ended, line\nfrom faults"},
};

}  // namespace

std::span<const ReadyQuestion> ready_questions() { return kQuestions; }

}  // namespace palloscope::trace::sql
