// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILaborContractRegistry} from "../src/interfaces/ILaborContractRegistry.sol";
import {Concluding} from "./Concluding.sol";

contract LaborContractRefusalsTest is Concluding {
    function test_RefusesZeroIds() external {
        terms.commitment = 0;
        refused(abi.encodeWithSelector(ILaborContractRegistry.ZeroIdentifier.selector));
        terms.commitment = keccak256("commitment");
        terms.version = 0;
        refused(abi.encodeWithSelector(ILaborContractRegistry.VersionNotHigher.selector, CONTRACT, 0, 0));
    }

    function testFuzz_RefusesLevelsBelowTwo(uint8 level) external {
        attestation.level = level;
        attest(ISSUER, WORKER);
        if (level < 2) {
            refused(abi.encodeWithSelector(ILaborContractRegistry.AssuranceTooLow.selector, level, 2));
        } else {
            conclude();
        }
    }

    function test_RefusesAWalletWithoutTheScopeToSign() external {
        grantTo(AGENT, 3, 4);
        refused(
            abi.encodeWithSelector(ILaborContractRegistry.WalletNotAuthorised.selector, ORG, vm.addr(AGENT))
        );
    }

    function test_RefusesARevokedAgent() external {
        revoke(AGENT, 4);
        refused(
            abi.encodeWithSelector(ILaborContractRegistry.WalletNotAuthorised.selector, ORG, vm.addr(AGENT))
        );
    }

    function test_RefusesAnotherSignersWallet() external {
        signEmployer(0xBAD, vm.addr(AGENT), 1);
        employerRefused();
    }

    function test_RolesAreNotInterchangeable() external {
        signEmployer(AGENT, vm.addr(AGENT), 2);
        employerRefused();
        signEmployer(AGENT, vm.addr(AGENT), 1);
        signWorker(WORKER, 1);
        workerRefused();
    }

    function test_RefusesAHighS() external {
        bytes32 low = worker.s;
        worker.s = bytes32(P256_ORDER - uint256(low));
        refused(abi.encodeWithSelector(ILaborContractRegistry.HighS.selector, worker.s));
        (bytes32 r, bytes32 s, uint8 v) = split(employer.signature);
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        employer.signature = abi.encodePacked(r, order - uint256(s), v == 27 ? 28 : 27);
        worker.s = low;
        employerRefused();
    }

    function split(bytes memory signature) private pure returns (bytes32 r, bytes32 s, uint8 v) {
        assembly {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
            v := byte(0, mload(add(signature, 0x60)))
        }
    }

    function testFuzz_RefusesAlteredTerms(uint8 field, uint32 change) external {
        vm.assume(change != 0);
        if (field % 3 == 0) terms.commitment ^= bytes32(uint256(change));
        else if (field % 3 == 1) terms.version ^= change;
        else terms.expiry ^= change;
        vm.assume(terms.version != 0);
        employerRefused();
    }

    function testFuzz_RefusesAnAlteredWorkerSignature(uint8 bit, bool inR) external {
        if (inR) worker.r ^= bytes32(uint256(1) << bit);
        else worker.s ^= bytes32(uint256(1) << (bit % 254));
        vm.assume(uint256(worker.s) <= P256_ORDER / 2);
        workerRefused();
    }

    function test_RefusesAnotherWorkersKey() external {
        (uint256 x, uint256 y) = vm.publicKeyP256(0x777);
        (worker.qx, worker.qy) = (bytes32(x), bytes32(y));
        workerRefused();
    }

    function test_RefusesAPointOffTheCurve() external {
        worker.qy = bytes32(uint256(worker.qy) ^ 1);
        workerRefused();
    }

    function test_RefusesAnAttestationForAnotherKey() external {
        attest(ISSUER, 0x777);
        vm.expectRevert();
        conclude();
    }

    function test_RefusesAStrangersAttestation() external {
        attest(0xBAD, WORKER);
        refused(abi.encodeWithSelector(ILaborContractRegistry.UnknownIssuer.selector, vm.addr(0xBAD)));
    }

    function test_RefusesAMalformedAttestation() external {
        attestation.signature = hex"00";
        refused(
            abi.encodeWithSelector(
                ILaborContractRegistry.InvalidAttestationSignature.selector,
                attestationDigest(workerKeyHash(WORKER))
            )
        );
    }

    function test_RefusesSignaturesForAnotherChain() external {
        vm.chainId(block.chainid + 1);
        employerRefused();
    }
}
