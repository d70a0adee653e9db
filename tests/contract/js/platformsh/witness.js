// What the vendor's published client reads from and does to the sandbox, as one JSON object.
// Run as: node witness.js '{"url": …, "token": …, "project": …, "certificate": …, "key": …}'
// with NODE_PATH naming the directory that holds platformsh-client.
const Client = require("platformsh-client").default;

async function main(given) {
  const { url, token, project: id } = given;
  const client = new Client({
    api_url: url,
    base_url: url,
    authentication_url: url,
    authorization: `Bearer ${token}`,
    access_token: token,
  });
  const project = await client.getProject(id);
  const environments = await project.getEnvironments();
  const main = await project.getEnvironment("main");
  const commit = await main.getHeadCommit();
  const tree = await commit.getTree();
  const directory = await tree.tree.find((e) => e.path === ".platform").getInstance();
  const routes = await directory.tree.find((e) => e.path === "routes.yaml").getInstance();
  const before = await project.getCertificates();
  const added = await project.addCertificate(given.certificate, given.key, []);
  const after = await project.getCertificates();
  const deployment = await client.getCurrentDeployment(id, "main");
  const domains = await project.getDomains();
  const redeploy = await main.redeploy();
  await redeploy.wait(undefined, undefined, 0.05);
  const staging = await project.getEnvironment("staging");
  const changed = await staging.update({
    http_access: { is_enabled: true, basic_auth: { preview: "a long password" } },
  });
  const activities = await main.getActivities("environment.redeploy");
  const all = await project.getActivities(["environment.redeploy"]);
  const fresh = await project.getEnvironment("staging");
  return {
    project: { id: project.id, title: project.title, region: project.region },
    git_url: project.repository.url,
    environments: environments.map((e) => [e.id, e.type, e.status, e.edge_hostname]),
    head: commit.sha,
    routes: await routes.getRawContent(),
    certificates: [before.length, after.length],
    added: added.data._embedded.entity.domains,
    route_urls: Object.keys(deployment.routes),
    domains: domains.map((d) => d.name),
    redeploy: [redeploy.type, redeploy.state, redeploy.result],
    changed: changed.getActivities().map((a) => a.type),
    http_access: fresh.http_access,
    activities: activities.map((a) => a.type),
    project_activities: all.map((a) => a.type),
  };
}

main(JSON.parse(process.argv[2])).then(
  (seen) => process.stdout.write(`\n${JSON.stringify(seen)}\n`), // the client itself prints too
  (error) => {
    process.stderr.write(String(error && error.stack ? error.stack : JSON.stringify(error)));
    process.exitCode = 1;
  },
);
