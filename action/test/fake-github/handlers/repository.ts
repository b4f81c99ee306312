import { blobSha, diffTrees, history, resolveRef } from '../git.ts';
import { notFound, Refusal } from '../refusal.ts';
import type { Call, Handler } from '../reply.ts';
import type { StoredCommit } from '../state.ts';

/** Above this size the contents API leaves the content out. */
const LARGE_FILE_BYTES = 1024 * 1024;

const get: Handler = ({ payloads }) => ({ status: 200, body: payloads.repository(undefined, 'full-repository') });

const getCommit: Handler = ({ state, payloads, params }) => {
  const commit = resolveRef(state, params.ref ?? '');
  if (commit === undefined) throw new Refusal(422, `No commit found for SHA: ${params.ref}`);
  return { status: 200, body: payloads.commit(commit, true) };
};

function entry(call: Call, path: string, ref: string, kind: 'file' | 'dir', text: string) {
  const { payloads } = call;
  const url = `${payloads.api()}/contents/${encodeURI(path)}?ref=${ref}`;
  const html = `${payloads.web}/${kind === 'file' ? 'blob' : 'tree'}/${ref}/${encodeURI(path)}`;
  const git = `${payloads.api()}/git/${kind === 'file' ? 'blobs' : 'trees'}/${blobSha(text)}`;
  return {
    type: kind,
    name: path.split('/').at(-1),
    path,
    sha: blobSha(text),
    size: kind === 'file' ? Buffer.byteLength(text) : 0,
    url,
    html_url: html,
    git_url: git,
    download_url: kind === 'file' ? `${payloads.web}/raw/${ref}/${encodeURI(path)}` : null,
    _links: { self: url, git, html },
  };
}

const getContent: Handler = (call) => {
  const { state, params, query, accept } = call;
  const ref = query.ref ?? state.defaultBranch;
  const commit = resolveRef(state, ref);
  if (commit === undefined) throw new Refusal(404, `No commit found for the ref ${ref}`);
  const path = (params.path ?? '').replace(/^\/+|\/+$/g, '');
  const text = commit.tree.get(path);
  if (text !== undefined) {
    if (/vnd\.github\.(v3\.)?raw/.test(accept)) {
      return { status: 200, body: text, headers: { 'content-type': 'application/vnd.github.raw; charset=utf-8' } };
    }
    const isLarge = Buffer.byteLength(text) > LARGE_FILE_BYTES;
    // GitHub breaks its base64 into lines of 60 characters.
    const base64 = `${
      Buffer.from(text)
        .toString('base64')
        .match(/.{1,60}/g)
        ?.join('\n') ?? ''
    }\n`;
    const content = isLarge ? { encoding: 'none', content: '' } : { encoding: 'base64', content: base64 };
    return { status: 200, body: { ...entry(call, path, ref, 'file', text), ...content } };
  }
  const prefix = path === '' ? '' : `${path}/`;
  const names = [...commit.tree.keys()]
    .filter((file) => file.startsWith(prefix))
    .map((file) => file.slice(prefix.length));
  if (names.length === 0) throw notFound();
  const children = [...new Set(names.map((name) => name.split('/')[0] ?? ''))].sort();
  const body = children.map((name) => {
    const child = commit.tree.get(prefix + name);
    return entry(call, prefix + name, ref, child === undefined ? 'dir' : 'file', child ?? '');
  });
  return { status: 200, body };
};

function comparable(call: Call, ref: string | undefined): StoredCommit {
  // `owner:branch` names a branch of a fork network; the fake has one repository.
  const commit = resolveRef(call.state, (ref ?? '').replace(/^[^:]*:/, ''));
  if (commit === undefined) throw notFound();
  return commit;
}

const compare: Handler = (call) => {
  const { state, payloads, params } = call;
  const [baseRef, headRef] = (params.basehead ?? '').split('...');
  const base = comparable(call, baseRef);
  const head = comparable(call, headRef);
  const ofBase = history(state, base.sha);
  const ofHead = history(state, head.sha);
  const mergeBase = state.commits.get(ofHead.find((sha) => ofBase.includes(sha)) ?? '');
  if (mergeBase === undefined) throw notFound();
  const ahead = ofHead.filter((sha) => !ofBase.includes(sha)).reverse();
  const behind = ofBase.filter((sha) => !ofHead.includes(sha));
  const status =
    ahead.length > 0 ? (behind.length > 0 ? 'diverged' : 'ahead') : behind.length > 0 ? 'behind' : 'identical';
  const address = `${payloads.web}/compare/${params.basehead}`;
  const commits = ahead.flatMap((sha) => state.commits.get(sha) ?? []);
  return {
    status: 200,
    body: {
      url: `${payloads.api()}/compare/${params.basehead}`,
      html_url: address,
      permalink_url: address,
      diff_url: `${address}.diff`,
      patch_url: `${address}.patch`,
      base_commit: payloads.commit(base),
      merge_base_commit: payloads.commit(mergeBase),
      status,
      ahead_by: ahead.length,
      behind_by: behind.length,
      total_commits: ahead.length,
      commits: commits.map((commit) => payloads.commit(commit)),
      files: diffTrees(mergeBase.tree, head.tree).map((change) => payloads.changedFile(change, head.sha)),
    },
  };
};

export const repositoryHandlers: Record<string, Handler> = {
  'repos/get': get,
  'repos/get-commit': getCommit,
  'repos/get-content': getContent,
  'repos/compare-commits-with-basehead': compare,
};
