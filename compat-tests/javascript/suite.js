// The scenarios of all SDKs, told by this one. Those that wait longest come first.

import "./scenarios/visibility.js";
import "./scenarios/get-messages.js";
import "./scenarios/concurrency.js";
import "./scenarios/delete-message.js";
import "./scenarios/order.js";
import "./scenarios/service.js";
import "./scenarios/queues.js";
import "./scenarios/metadata.js";
import "./scenarios/access-policies.js";
import "./scenarios/put-message.js";
import "./scenarios/peek-messages.js";
import "./scenarios/update-message.js";
import "./scenarios/encodings.js";
import "./scenarios/shared-key.js";
import "./scenarios/account-sas.js";
import "./scenarios/queue-sas.js";
import "./scenarios/user-delegation.js";
import "./scenarios/tokens.js";
import "./scenarios/requests.js";
import "./scenarios/secondary.js";
import "./scenarios/errors.js";
import { runScenarios } from "./scenario.js";

runScenarios();
