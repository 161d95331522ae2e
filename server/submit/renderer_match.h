// Which renderer the jobs of a submission are pinned to when they are made, of those that the grid delivers or that
// enabled slaves announced (dispatch/renderer_choice.h has the rules). Worker threads. Errors: invalid, when the grid
// has renderers of the method and none fits, says which program saved the file and what there is; those of the
// database.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "server/database/connection.h"
#include "server/dispatch/renderer_choice.h"
#include "server/submit/job_request.h"

namespace distren {

// build: of one archive alone; empty: any. The one to render with; nothing is chosen where the grid knows no renderer
// of this method yet, or where nothing says which would be right: the first order chooses then.
Result<store::JobRenderer> match_renderer(RendererNeed const& need, std::string_view build,
                                          std::vector<RendererOffer> const& offers);

// For each variation, after it was inspected.
Result<void> match_renderers(Database& database, std::span<JobRequest> variations);

}  // namespace distren
