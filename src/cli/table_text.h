// A table of the report folder as text for a terminal.
#pragma once

#include <string>

#include "report/table.h"

namespace shrike {

// A line of the columns' names and one a row, numbers at the right, two blanks between columns;
// long text is cut, what would break a line is escaped. Without rows nothing.
std::string table_text(const Table& table);

}  // namespace shrike
