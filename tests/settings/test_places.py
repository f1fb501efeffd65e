"""Every setting of the contract (5.9) has a place and a default; where the default is another one, it is told here."""

import msgspec
import pytest

from mrdraw.errors import InvalidValue
from mrdraw.settings.build import build
from mrdraw.settings.tree import MACHINE_SECTIONS

BOOLS_OFF = """
    appearance.colorTransparent appearance.showFahrenheitAlso feature.pollWatched feature.rememberFileFolder
    feature.printStartConfirmation feature.g90InfluencesExtruder serial.autoconnect serial.log
    serial.ignoreErrorsFromFirmware serial.logPositionOnCancel serial.waitForStart serial.alwaysSendChecksum
    serial.neverSendChecksum serial.sendChecksumWithUnknownCommands serial.unknownCommandsNeedAck serial.sdRelativePath
    serial.sdAlwaysAvailable serial.sdLowerCase serial.repetierTargetTemp serial.ignoreIdenticalResends
    serial.blockWhileDwelling serial.disableSdPrintingDetection serial.ignoreEmptyPorts
    serial.enableShutdownActionCommand temperature.sendAutomatically server.allowFraming devel.pluginTimings
    feature.sdSupport accessControl.autologinLocal accessControl.autologinHeadsupAcknowledged api.allowCrossOrigin
"""
BOOLS_ON = """
    appearance.colorIcon appearance.fuzzyTimes appearance.closeModalsWithClick appearance.showInternalFilename
    feature.temperatureGraph feature.keyboardControl feature.modelSizeDetection
    feature.printCancelConfirmation feature.uploadOverwriteConfirmation feature.fileDeleteConfirmation
    feature.enableDragDropUpload serial.exclusive serial.lowLatency serial.disconnectOnErrors serial.triggerOkForM29
    serial.logPositionOnPause serial.abortHeatupOnCancel serial.waitToLoadSdFileList serial.swallowOkAfterResend
    serial.externalHeatupDetection serial.firmwareDetection serial.sanityCheckTools serial.sendM112OnError
    serial.capAutoreportTemp serial.capAutoreportSdStatus serial.capAutoreportPos serial.capBusyProtocol
    serial.capEmergencyParser serial.capExtendedM20 serial.capLfnWrite webcam.webcamEnabled webcam.timelapseEnabled
    webcam.watermark plugins.discovery.enabled
"""
DEFAULTS = {
    **dict.fromkeys(BOOLS_OFF.split(), False),
    **dict.fromkeys(BOOLS_ON.split(), True),
    "api.key": None, "appearance.name": "", "appearance.color": "default", "appearance.defaultLanguage": "_default",
    "feature.autoUppercaseBlacklist": ["M117", "M118", "M707", "M708"],
    "gcodeAnalysis.runAt": "idle", "gcodeAnalysis.bedZ": 0,
    "serial.port": None, "serial.baudrate": None, "serial.helloCommand": "M110 N0", "serial.sdCancelCommand": "M25",
    "serial.encoding": "ascii", "serial.supportResendsWithoutOk": "detect", "serial.useParityWorkaround": "detect",
    "serial.notifySuppressedCommands": "warn", "serial.ackMax": 1, "serial.maxTimeoutsIdle": 2,
    "serial.maxTimeoutsPrinting": 5, "serial.maxTimeoutsLong": 5, "serial.resendRatioThreshold": 10,
    "serial.resendRatioStart": 100, "serial.additionalPorts": [], "serial.additionalBaudrates": [],
    "serial.blacklistedPorts": [], "serial.blacklistedBaudrates": [], "serial.checksumRequiringCommands": ["M110"],
    "serial.blockedCommands": ["M0", "M1"], "serial.ignoredCommands": [],
    "serial.pausingCommands": ["M0", "M1", "M25"], "serial.emergencyCommands": ["M112", "M108", "M410"],
    "serial.timeoutConnection": 10, "serial.timeoutDetectionFirst": 10, "serial.timeoutDetectionConsecutive": 2,
    "serial.timeoutCommunication": 30, "serial.timeoutCommunicationBusy": 3, "serial.timeoutTemperature": 5,
    "serial.timeoutTemperatureTargetSet": 2, "serial.timeoutTemperatureAutoreport": 1, "serial.timeoutSdStatus": 1,
    "serial.timeoutSdStatusAutoreport": 1, "serial.timeoutPosAutoreport": 5, "serial.timeoutBaudrateDetectionPause": 1,
    "serial.timeoutPositionLogWait": 10,
    "folder.uploads": None, "folder.timelapse": None, "folder.watched": None,
    "temperature.cutoff": 30, "temperature.sendAutomaticallyAfter": 1, "system.actions": [],
    "server.commands": {"systemShutdownCommand": None, "systemRestartCommand": None, "serverRestartCommand": None},
    "server.diskspace": {"warning": 524288000, "critical": 209715200},
    "server.onlineCheck": {"enabled": None, "interval": 15, "host": "1.1.1.1", "port": 53, "name": "octoprint.org"},
    "server.pluginBlacklist": {
        "enabled": None, "url": "https://plugins.octoprint.org/blacklist.json", "ttl": 15,
    },
    "slicing.defaultSlicer": None, "controls": [], "webcam.ffmpegPath": None, "webcam.ffmpegThreads": 1,
    "webcam.ffmpegVideoCodec": "libx264", "webcam.bitrate": "10000k", "webcam.renderAfterPrintDelay": 0,
    "webcam.webcams": [], "webcam.defaultWebcam": None, "webcam.snapshotWebcam": None,
    "plugins.discovery.publicHost": None, "plugins.discovery.publicPort": None, "plugins.discovery.pathPrefix": None,
    "plugins.discovery.httpUsername": None, "plugins.discovery.httpPassword": None, "plugins.discovery.zeroConf": [],
}  # fmt: skip


def members(tree):
    plain = msgspec.to_builtins(tree)
    machine = plain["machines"][tree.default_machine]
    discovery = {"discovery": msgspec.to_builtins(tree.discovery)}
    return plain | {name: machine[name] for name in MACHINE_SECTIONS} | {"plugins": discovery}


def test_every_member_has_its_default():
    found = members(build({}))
    for place, expected in DEFAULTS.items():
        value = found
        for name in place.split("."):
            value = value[name]
        assert msgspec.json.decode(msgspec.json.encode(value)) == expected, place


WRONG = [
    ({"webcam": {"bitrate": "x"}}, "webcam.bitrate: 'x' is not accepted; right is bits a second, as '10000k'."),
    ({"webcam": {"ffmpegCommandline": "{ffmpeg} x"}}, "right is text with {ffmpeg}, {input} and {output} in it."),
    ({"serial": {"helloCommand": "M110\nN0"}}, "right is one command in ASCII, as 'M110 N0'."),
    ({"serial": {"blockedCommands": ["M 1"]}}, "serial.blockedCommands[0]: 'M 1' is not accepted; right is the name"),
    ({"serial": {"useParityWorkaround": "often"}}, "right is one of always, detect, never."),
    ({"plugins": {"discovery": {"httpPassword": 5}}}, "plugins.discovery.httpPassword: its value is not accepted;"),
    ({"plugins": {"discovery": {"publicPort": 0}}}, "plugins.discovery.publicPort: 0 is not accepted; right is"),
    ({"plugins": {"discovery": [1]}}, "plugins.discovery: [1] is not accepted; right is named members."),
    ({"system": {"actions": [{"name": "x"}]}}, "right is an entry with the member action."),
    (
        {"server": {"commands": {"systemShutdownCommand": 5}}},
        "server.commands.systemShutdownCommand: 5 is not accepted",
    ),
]


@pytest.mark.parametrize(("data", "told"), WRONG)
def test_a_wrong_value_is_told_as_people_read_it(data, told):
    with pytest.raises(InvalidValue) as caught:
        build(data)
    assert told in str(caught.value)


def test_a_program_is_text_or_a_list():
    tree = build({"system": {"actions": [{"action": "a", "command": ["echo", "x y"], "async": True}]}})
    (action,) = tree.system.actions
    assert (action.command, action.in_background) == (("echo", "x y"), True)
    assert (
        build({"server": {"commands": {"serverRestartCommand": "a b"}}}).server.commands.server_restart_command == "a b"
    )
