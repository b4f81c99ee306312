import { afterEach, beforeEach, describe } from 'vitest';
import type { Store } from '../../src/ports/store.ts';
import { storeEventsSuite } from './store-events-suite.ts';
import { storeLeasesSuite } from './store-leases-suite.ts';
import { storeMeasuresSuite } from './store-measures-suite.ts';
import { storeOrderSuite } from './store-order-suite.ts';
import { storePredictionsSuite } from './store-predictions-suite.ts';
import { storeRecordsSuite } from './store-records-suite.ts';
import { storeSourcesSuite } from './store-sources-suite.ts';
import { storeTransactionsSuite } from './store-transactions-suite.ts';

export interface StoreUnderTest {
  readonly store: Store;
  /** Closes the store and removes what it left. */
  dispose(): Promise<void>;
}

/** What every part of the suite gets: an empty store for each test. */
export type GetStore = () => Store;

/**
 * The contract of the port `Store`; every adapter runs it.
 * @param open  makes an empty store
 * @param runs  number of runs of the property tests
 */
export function storeSuite(name: string, open: () => Promise<StoreUnderTest>, runs: number): void {
  describe(`store contract: ${name}`, () => {
    let current: StoreUnderTest;
    beforeEach(async () => {
      current = await open();
    });
    afterEach(() => current.dispose());

    const getStore: GetStore = () => current.store;
    describe('transactions', () => storeTransactionsSuite(getStore));
    describe('records', () => storeRecordsSuite(getStore));
    describe('predictions', () => storePredictionsSuite(getStore));
    describe('leases', () => storeLeasesSuite(getStore));
    describe('events', () => storeEventsSuite(getStore));
    describe('measures', () => storeMeasuresSuite(getStore));
    describe('sources', () => storeSourcesSuite(getStore));
    describe('order of arrival', () => storeOrderSuite(open, runs));
  });
}
